// Things to send when there is no file at hand, drawn here and now.

const toBlob = (canvas, type) => new Promise((resolve) => canvas.toBlob(resolve, type, 0.86));

function sky(pen, width, height) {
  const colours = pen.createLinearGradient(0, 0, 0, height);
  colours.addColorStop(0, "#f6b58a");
  colours.addColorStop(0.55, "#e88a7d");
  colours.addColorStop(1, "#7c5a86");
  pen.fillStyle = colours;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#fff1d0";
  pen.beginPath();
  pen.arc(width * 0.68, height * 0.42, height * 0.11, 0, Math.PI * 2);
  pen.fill();
}

function hill(pen, width, height, top, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(0, height);
  pen.lineTo(0, top);
  pen.bezierCurveTo(width * 0.3, top - 90, width * 0.5, top + 60, width, top - 40);
  pen.lineTo(width, height);
  pen.fill();
}

/** A sunset over hills, JPEG. @returns {Promise<File>} */
export async function samplePhoto() {
  const canvas = document.createElement("canvas");
  canvas.width = 720;
  canvas.height = 540;
  const pen = canvas.getContext("2d");
  sky(pen, 720, 540);
  hill(pen, 720, 540, 380, "#4d5b6b");
  hill(pen, 720, 540, 440, "#27433f");
  return new File([await toBlob(canvas, "image/jpeg")], "foto-de-exemplo.jpg", { type: "image/jpeg" });
}

/** A smiling leaf, WebP 512 x 512 as stickers are. @returns {Promise<File>} */
export async function sampleSticker() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 512;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#2f9e75";
  pen.strokeStyle = "#fff";
  pen.lineWidth = 22;
  pen.beginPath();
  pen.moveTo(90, 420);
  pen.bezierCurveTo(40, 170, 220, 60, 430, 80);
  pen.bezierCurveTo(460, 300, 340, 470, 90, 420);
  pen.stroke();
  pen.fill();
  pen.strokeStyle = pen.fillStyle = "#0c3b2b";
  pen.lineWidth = 14;
  pen.lineCap = "round";
  for (const x of [215, 320]) {
    pen.beginPath();
    pen.arc(x, 235, 15, 0, Math.PI * 2);
    pen.fill();
  }
  pen.beginPath();
  pen.arc(268, 275, 55, 0.25, Math.PI - 0.25);
  pen.stroke();
  return new File([await toBlob(canvas, "image/webp")], "figurinha.webp", { type: "image/webp" });
}

export const samplePlace = {
  latitude: -23.5614, longitude: -46.6559, name: "Parque de exemplo", address: "Avenida das Acácias, 1200, Cidade Exemplo",
};

export const sampleContact = [{
  name: { formatted_name: "Rita Camargo", first_name: "Rita", last_name: "Camargo" },
  phones: [{ phone: "+55 20 95550-0199", type: "CELL", wa_id: "5520955500199" }],
}];

const LIMITS = { image: 5, audio: 16, video: 16, sticker: 1, document: 60 }; // megabytes

/** Says why a file cannot go, or null. @param {File} file @param {string} kind */
export function tooBig(file, kind) {
  const limit = LIMITS[kind];
  return file.size > limit * 1048576 ? `Arquivo grande demais: o limite é ${limit} MB.` : null;
}

/** @param {File} file @returns {Promise<string>} the bytes, base64 */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",", 2)[1] ?? ""));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
