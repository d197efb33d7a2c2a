"""ONNX Runtime with its telemetry switched off. The only module that imports it: ruff's `TID251` refuses it elsewhere.

Its official builds carry a telemetry client (seen in the wheels of 1.32 for Linux and macOS). As soon as the library is
loaded, that client writes a device id into the user's cache folder, and some seconds later it looks up a host to send
events to. The library's own function, `disable_telemetry_events`, comes too late for both. The environment variable
prevents both if it is set before the library is loaded, whatever its value was; the function is called as well, for
builds that report in another way (Windows events).

The client also keeps silent where it finds that it runs in CI. A test of its silence has to take those variables out
of the environment (`tests/privacy/`).
"""

from __future__ import annotations

import os

TELEMETRY_SWITCH = "ORT_DISABLE_TELEMETRY"

# Processes that this one starts inherit it.
os.environ[TELEMETRY_SWITCH] = "1"

import onnxruntime  # noqa: E402, TID251 - after the switch, and nowhere else

onnxruntime.disable_telemetry_events()

__all__ = ["TELEMETRY_SWITCH", "onnxruntime"]
