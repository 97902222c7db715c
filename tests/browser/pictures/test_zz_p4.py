"""scratch"""
from __future__ import annotations
import os
from pathlib import Path
from playwright.async_api import async_playwright
from tests.browser.handset.stage import QUIET
from tests.browser.pictures import gallery
from tests.browser.pictures.test_pictures import served, simulator, _context, Served  # noqa
PATHS = os.environ.get("P4_PATHS", "conversas,numeros").split(",")
WIDTHS = [int(x) for x in os.environ.get("P4_WIDTHS", "1440,390").split(",")]
SCHEMES = os.environ.get("P4_SCHEMES", "light").split(",")
async def test_x(served, chromium):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = await _context(browser, served)
        page = await context.new_page()
        for number, path in enumerate(PATHS):
            click = None
            if "!" in path:
                path, click = path.split("!")
            await page.set_viewport_size({"width": 1440, "height": 900})
            await page.goto(f"{served.base}/painel/{path}")
            if click:
                for one in click.split("|"):
                    await page.locator(one).first.click()
                    await page.wait_for_timeout(700)
            await page.wait_for_timeout(600)
            for w in WIDTHS:
                for s in SCHEMES:
                    await page.set_viewport_size({"width": w, "height": 900 if w > 500 else 844})
                    await page.emulate_media(color_scheme=s, reduced_motion="reduce")
                    await page.screenshot(path=f"/tmp/p4/{number}-{w}-{s}.png", full_page=w<500 or bool(os.environ.get("P4_FULL")))
        await browser.close()
