"""Who opens the panel. Owns `person`, `membership`, `person_session`, `person_link`, `login_throttle`.

Everything here runs under the engine role: who is asking is settled before any company is known.
"""
