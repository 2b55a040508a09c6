"""What a person does with a page in Chromium, and sees there."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from support.processes import wait_until

T = TypeVar("T")
WIDE = (1440, 900)
_COLORS_OF_AXES = 60
_PAINTED = """
  const [canvas] = document.querySelectorAll(`[data-chart="${arguments[0]}"] canvas`);
  if (!canvas || !canvas.width) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
"""


class Sight:
    """One window on one server."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def reset(self) -> None:
        self.leave()
        self.size(*WIDE)
        self.theme("light")
        self.scripts(allowed=True)
        self.log()

    def leave(self) -> None:
        self.driver.execute_cdp_cmd(
            "Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": "all"}
        )
        self.driver.get("about:blank")

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def size(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def theme(self, name: str) -> None:
        """Set the system's colour scheme."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def scripts(self, *, allowed: bool) -> None:
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})

    def log(self) -> list[dict[str, Any]]:
        """Return what the console said since the last call."""
        answer = self.driver.execute("getLog", {"type": "browser"})
        entries: list[dict[str, Any]] = answer["value"]
        return entries

    def see(self, condition: Callable[[], T], what: str) -> T:
        """Wait until a condition holds; an element that was just swapped out is looked up again."""

        def holds() -> T | None:
            with contextlib.suppress(StaleElementReferenceException):
                return condition()
            return None

        met = wait_until(holds, within=15, what=what)
        assert met is not None
        return met

    def see_chart(self, name: str) -> None:
        """Wait until a chart shows more than its empty axes."""
        self.see(lambda: self.colors_of(name) > _COLORS_OF_AXES, f"the chart {name}")

    def script(self, text: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever it returns
        return self.driver.execute_script(text, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return str(
            self.script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
        ).strip()

    def texts(self, selector: str) -> list[str]:
        """Return the text of all that match, read at one moment."""
        found: list[str] = self.script(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())",
            selector,
        )
        return found

    def query(self) -> dict[str, str]:
        found = parse_qs(urlsplit(self.driver.current_url).query)
        return {key: values[0] for key, values in found.items()}

    def choose(self, select: str, label: str) -> None:
        Select(self.one(f"#{select}")).select_by_visible_text(label)

    def colors_of(self, chart: str) -> int:
        """Return how many different colours a chart's canvas shows."""
        return int(self.script(_PAINTED, chart))

    def plot(self, chart: str) -> WebElement:
        return self.one(f'[data-chart="{chart}"] .u-over')

    def drag(self, chart: str, first: float, last: float) -> None:
        """Drag across a chart, between two shares of its width."""
        plot = self.plot(chart)
        width = plot.size["width"]
        start, length = round((first - 0.5) * width), round((last - first) * width)
        ActionChains(self.driver).move_to_element_with_offset(
            plot, start, 0
        ).click_and_hold().move_by_offset(length, 0).release().perform()

    def double_click(self, chart: str) -> None:
        ActionChains(self.driver).double_click(self.plot(chart)).perform()

    def runs(self) -> int:
        """Return how many runs the footer says are behind the page."""
        return int(self.text(".foot b").replace(",", ""))

    def picture(self, file: Path) -> None:
        self.driver.save_screenshot(str(file))
