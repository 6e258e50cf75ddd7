#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens reports in headless Chromium (Debian package chromium): errors on the console, width at 360 and 1440 pixels.

    scripts/check_report.py REPORT.html... [--screenshots FOLDER]

Nothing may be wider than the page, but for what scrolls in a box of its own. Talks to the browser by its DevTools
protocol over a pipe, so it needs no other package. Exit code 1 where something is wrong.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (360, 1440)

# Elements that stick out of the page to the right, and aren't inside a box that scrolls.
OVERFLOW = """
(() => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  const width = document.documentElement.clientWidth;
  const scrolls = e => { for (; e; e = e.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX)) return true; return false; };
  const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > width + 1
    && !scrolls(e) && getComputedStyle(e).position !== 'absolute').map(e => e.outerHTML.slice(0, 120));
  return JSON.stringify({page: document.documentElement.scrollWidth, width, wide: wide.slice(0, 5)});
})()
"""


class Browser:
    """Chromium with --remote-debugging-pipe: JSON messages that end in a zero byte, on descriptors 3 and 4."""

    def __init__(self, program: str, profile: str):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def pipes():
            # Out of the way first: one of the two may have the other's number.
            first, second = os.dup(to_browser), os.dup(from_browser)
            while first in (3, 4):
                first = os.dup(first)
            while second in (3, 4):
                second = os.dup(second)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=pipes, close_fds=False, stderr=subprocess.DEVNULL)
        self.buffer = b""
        self.number = 0
        self.events = []

    def message(self) -> dict:
        while b"\0" not in self.buffer:
            chunk = os.read(self.read_end, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser has gone")
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method: str, session: str = "", **parameters) -> dict:
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.write_end, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, event: str) -> None:
        while not any(message.get("method") == event for message in self.events):
            self.events.append(self.message())


def check(browser: Browser, report: pathlib.Path, width: int, screenshots) -> list:
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.events.clear()
    for domain in ("Page", "Runtime", "Log"):
        browser.call(f"{domain}.enable", session)
    browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1,
                 mobile=width < 600)
    browser.call("Page.navigate", session, url=report.resolve().as_uri())
    browser.wait_for("Page.loadEventFired")
    found = json.loads(browser.call("Runtime.evaluate", session, expression=OVERFLOW)["result"]["value"])
    problems = []
    if found["page"] > found["width"]:
        problems.append(f"the page is {found['page']} pixels wide")
    problems += [f"sticks out: {element}" for element in found["wide"]]
    for event in browser.events:
        if event.get("method") == "Runtime.exceptionThrown" or (
                event.get("method") == "Runtime.consoleAPICalled" and event["params"]["type"] == "error"):
            problems.append(f"console: {json.dumps(event['params'])[:200]}")
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            problems.append(f"log: {event['params']['entry']['text']}")
    if screenshots:
        browser.call("Runtime.evaluate", session,
                     expression="document.querySelectorAll('details').forEach(d => d.open = false)")
        data = browser.call("Page.captureScreenshot", session, captureBeyondViewport=True, format="png")["data"]
        name = f"{report.resolve().parent.name}-{report.stem}-{width}.png"
        (screenshots / name).write_bytes(base64.b64decode(data))
    browser.call("Target.closeTarget", targetId=target)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path)
    arguments = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("error: there is no Chromium; install the package chromium", file=sys.stderr)
        return 4
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    profile = tempfile.mkdtemp(prefix="kickdrum-chromium-")
    browser = Browser(program, profile)
    bad = 0
    try:
        for report in arguments.reports:
            for width in WIDTHS:
                problems = check(browser, report, width, arguments.screenshots)
                bad += len(problems)
                print(f"{report} at {width} pixels: {'good' if not problems else ''}")
                for problem in problems:
                    print(f"  {problem}")
    finally:
        browser.process.terminate()
        browser.process.wait()
        shutil.rmtree(profile, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
