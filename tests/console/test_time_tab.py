"""The tab "Time": a time tracker in a real browser, against a real server."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Route, expect

from console import browser as browsers
from console.browser import Console
from support.raw_http import call
from support.server import Server

pytestmark = pytest.mark.browser


def key(server: Server, name: str) -> str:
    return call(server, "authenticate", name, f"demo-{name}")["items"][0]["apiKey"]


def latest(server: Server, name: str) -> dict[str, str]:
    entries = call(server, "getTimesheet", key(server, name), 0, 0, -1, 0, 50)["items"]
    # Of those that begin in the same minute, the lowest ID comes first.
    return max(entries, key=lambda entry: (int(entry["start"]), int(entry["timeEntryID"])))


BERLIN = ZoneInfo("Europe/Berlin")


def timestamp(text: str, fold: int = 0) -> int:
    """Return unix seconds; with ``fold`` 1, of the later of two times with this text."""
    local = datetime.datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)
    return int(local.timestamp())


def respond_without_date(route: Route) -> None:
    response = route.fetch()
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    route.fulfill(response=response, headers=headers)


def edit_end(console: Console, server: Server, start: int, end: int, typed: str) -> str:
    """Add an entry and edit its end in the console.

    :returns: the error in the dialog, or the stored end.
    """
    record = {"projectId": 1, "taskId": 11, "start": start, "end": end}
    result = call(server, "setTimesheetRecord", key(server, "ben"), record, False)
    page = console.page
    # The clock of the browser is in the week of the entry. Responses must not correct it.
    page.clock.install(time=end)
    page.route("**/core/json.php*", respond_without_date)
    console.enter("ben", "demo-ben")
    entry = console.section("Entries").get_by_role("listitem").first
    entry.get_by_role("button").first.click()
    dialog = page.get_by_role("dialog", name="Edit the entry")
    dialog.get_by_label("End").fill(typed)
    dialog.get_by_role("button", name="Save").click()
    alert = dialog.get_by_role("alert").last
    page.wait_for_function(
        "() => !document.querySelector('dialog[open]')"
        " || document.querySelector('dialog[open] [role=alert]:not(:empty)')"
    )
    error = alert.text_content() or "" if dialog.count() else ""
    page.unroute_all(behavior="ignoreErrors")
    entry_id = result["items"][0]["id"]
    stored = call(server, "getTimesheetRecord", key(server, "ben"), entry_id)["items"][0]
    call(server, "removeTimesheetRecord", key(server, "ben"), entry_id)
    return error or stored["end"]


def test_an_end_in_the_repeated_hour(console: Console, demo: Server) -> None:
    start = timestamp("2025-10-26T01:45:00")
    end = timestamp("2025-10-26T02:30:00", fold=1)
    wanted = timestamp("2025-10-26T02:40:00", fold=1)
    assert edit_end(console, demo, start, end, "2025-10-26T02:40:00") == str(wanted)


def test_start_and_end_in_the_repeated_hour(console: Console, demo: Server) -> None:
    start = timestamp("2025-10-26T02:30:17", fold=1)
    end = timestamp("2025-10-26T02:45:18", fold=1)
    wanted = timestamp("2025-10-26T02:50:00", fold=1)
    assert edit_end(console, demo, start, end, "2025-10-26T02:50:00") == str(wanted)


def test_a_time_that_does_not_exist(console: Console, demo: Server) -> None:
    start, end = timestamp("2026-03-29T01:30:00"), timestamp("2026-03-29T03:10:00")
    error = edit_end(console, demo, start, end, "2026-03-29T02:30:00")
    assert error.startswith("This time doesn’t exist")


def test_changes_made_elsewhere_are_shown(console: Console, demo: Server) -> None:
    page = console.page
    page.clock.install()
    console.enter("ben", "demo-ben")
    expect(console.recording).to_have_text("No active recording")
    own = key(demo, "ben")
    project = call(demo, "getProjects", own)["items"][0]
    task = call(demo, "getTasks", own, project["projectID"])["items"][0]
    call(demo, "startRecord", own, project["projectID"], task["activityID"])
    page.clock.fast_forward(31_000)
    expect(console.recording).to_have_text(f"{project['name']} · {task['name']}")
    call(demo, "stopRecord", own, 0)
    page.clock.fast_forward(31_000)
    expect(console.recording).to_have_text("No active recording")


def test_from_sign_in_to_a_stopped_timer(console: Console, demo: Server) -> None:
    page = console.page
    console.open()
    page.get_by_role("button", name="Sign in to start").click()
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("ben")
    dialog.get_by_label("Password").fill("demo-ben")
    page.keyboard.press("Enter")

    timer = console.timer
    expect(page.get_by_role("tab", name="Time")).to_have_attribute("aria-selected", "true")
    expect(console.recording).to_have_text("No active recording")
    project = timer.get_by_label("Project")
    project.select_option(label="Fleet tracking")
    task = timer.get_by_label("Task")
    expect(task).to_be_enabled()
    task.select_option(label="Testing")
    timer.get_by_role("button", name="Start").click()

    stop = timer.get_by_role("button", name="Stop")
    expect(stop).to_be_focused()
    expect(console.recording).to_have_text("Fleet tracking · Testing")
    expect(timer.get_by_role("timer")).to_have_text(re.compile(r"^0:00:\d\d$"))
    assert call(demo, "getActiveRecording", key(demo, "ben"))["items"][0]["activityName"] == (
        "Testing"
    )

    timer.get_by_label("Description").fill("Measured the trucks\nand the vans")
    timer.get_by_label("Comment").fill("none")
    timer.get_by_role("button", name="Save texts").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert latest(demo, "ben")["description"] == "Measured the trucks\nand the vans"
    expect(timer.get_by_role("timer")).not_to_have_text("0:00:00")

    # What is typed but not saved is not lost.
    timer.get_by_label("Comment").fill("done for today")
    stop.click()
    expect(console.recording).to_have_text("No active recording")
    expect(timer.get_by_role("button", name="Start")).to_be_focused()
    expect(timer.get_by_role("timer")).to_have_text("0:00:00")
    entry = latest(demo, "ben")
    assert entry["comment"] == "done for today"
    assert int(entry["end"]) > int(entry["start"])

    page.reload()
    expect(console.recording).to_have_text("No active recording")
    expect(project.locator("option:checked")).to_have_text("Fleet tracking")


def test_starting_another_recording_stops_the_running_one(console: Console, demo: Server) -> None:
    console.enter("ben", "demo-ben")
    timer = console.timer
    for task in ("Meeting", "Support"):
        timer.get_by_label("Project").select_option(label="Online shop")
        expect(timer.get_by_label("Task")).to_be_enabled()
        timer.get_by_label("Task").select_option(label=task)
        timer.get_by_role("button", name=re.compile("^Start")).click()
        expect(console.recording).to_have_text(f"Online shop · {task}")
    rows = call(demo, "getTimesheet", key(demo, "ben"), 0, 0, -1, 0, 10)["items"]
    assert [row["activityName"] for row in rows if row["end"] == "0"] == ["Support"]
    timer.get_by_role("button", name="Stop").click()
    expect(console.recording).to_have_text("No active recording")


def test_entries_are_added_corrected_and_deleted(console: Console, demo: Server) -> None:
    page = console.page
    console.enter("clara", "demo-clara")
    entries = console.section("Entries")
    entries.get_by_role("button", name="Add an entry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Project").select_option(label="Menu app")
    expect(dialog.get_by_label("Task")).to_be_enabled()
    dialog.get_by_label("Task").select_option(label="Consulting")
    end = dialog.get_by_label("End")
    end.fill("2020-01-01T00:00:00")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert").last).to_have_text("The end must be after the start.")
    expect(end).to_be_focused()
    today = page.evaluate("new Date().toLocaleDateString('sv')")
    dialog.get_by_label("Start").fill(f"{today}T00:15:00")
    end.fill(f"{today}T01:45:00")
    dialog.get_by_label("Description").fill("A menu with prices")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).not_to_be_visible()

    row = entries.get_by_role("listitem").filter(has_text="A menu with prices")
    expect(row).to_contain_text("00:15 – 01:45")
    expect(row).to_contain_text("1:30")
    expect(page.get_by_text("Today, ").first).to_be_visible()

    edit = row.get_by_role("button", name="Edit Menu app · Consulting, 00:15 – 01:45")
    edit.click()
    expect(dialog.get_by_label("Task").locator("option:checked")).to_have_text("Consulting")
    dialog.get_by_label("Description").fill("A menu without prices")
    dialog.get_by_label("End").fill(f"{today}T02:00:00")
    dialog.get_by_role("button", name="Save").click()
    row = entries.get_by_role("listitem").filter(has_text="A menu without prices")
    expect(row).to_contain_text("1:45")
    expect(row.get_by_role("button", name=re.compile("^Edit"))).to_be_focused()

    before = latest(demo, "clara")["timeEntryID"]
    row.get_by_role("button", name=re.compile("^Delete")).click()
    confirm = page.get_by_role("dialog", name="Delete this entry?")
    expect(confirm.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_visible()
    row.get_by_role("button", name=re.compile("^Delete")).click()
    confirm.get_by_role("button", name="Delete").click()
    expect(row).not_to_be_visible()
    expect(entries.get_by_role("heading", name="Entries")).to_be_focused()
    gone = call(demo, "getTimesheetRecord", key(demo, "clara"), before)
    assert gone["error"]["msg"] == "Invalid ID"


def test_a_correction_sends_only_what_was_changed(console: Console, demo: Server) -> None:
    """An entry that reaches into the week keeps the start that the week doesn't show."""
    page = console.page
    console.enter("clara", "demo-clara")
    monday = page.evaluate(
        "(() => { const now = new Date(); const day = (now.getDay() + 6) % 7;"
        "return new Date(now.getFullYear(), now.getMonth(), now.getDate() - day).getTime() / 1000"
        "})()"
    )
    record = {
        "projectId": 1,
        "taskId": 13,
        "start": monday - 3600,
        "end": monday + 3601,
        "description": "Over midnight",
        "location": "Train",
    }
    added = call(demo, "setTimesheetRecord", key(demo, "clara"), record)["items"][0]["id"]
    page.reload()
    entries = console.section("Entries")
    row = entries.get_by_role("listitem").filter(has_text="Over midnight")
    expect(row).to_contain_text("00:00 – 01:00")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    row.get_by_role("button", name=re.compile("^Edit")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Comment").fill("late")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    (change,) = [body for body in sent if "setTimesheetRecord" in body]
    assert f'"record":{{"id":{added},"comment":"late"}}' in change
    stored = call(demo, "getTimesheetRecord", key(demo, "clara"), added)["items"][0]
    assert (int(stored["start"]), int(stored["end"])) == (monday - 3600, monday + 3601)
    call(demo, "removeTimesheetRecord", key(demo, "clara"), added)


def test_unchanged_inputs_in_the_repeated_hour(console: Console) -> None:
    """When clocks go back, 02:30 occurs twice: an unchanged input keeps its timestamp."""
    console.open()
    first = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    twice = [first, first + 3600]
    read = console.page.evaluate(
        """async (timestamps) => {
          const { timeInput, timestampOf } = await import("/console/inputs.js");
          const inputs = timestamps.map(timeInput);
          return inputs.map((input) => [input.value, Number(timestampOf(input, "start"))]);
        }""",
        twice,
    )
    assert [value[:16] for value, _ in read] == ["2026-10-25T02:30"] * 2
    assert [timestamp for _, timestamp in read] == twice


def test_weeks_and_charts(console: Console) -> None:
    page = console.page
    console.enter("clara", "demo-clara")
    page.get_by_role("button", name="Previous week").click()
    expect(page.get_by_role("button", name="This week")).to_have_attribute("aria-pressed", "false")
    chart = page.get_by_role("figure", name="Hours per day")
    chart.get_by_text("As a table").click()
    days = chart.get_by_role("row")
    expect(days).to_have_count(8)
    expect(days.nth(1)).to_contain_text("Monday")
    minutes = [
        int(text.split(":")[0]) * 60 + int(text.split(":")[1])
        for text in chart.locator("td").all_inner_texts()
    ]
    whole = f"{sum(minutes) // 60}:{sum(minutes) % 60:02d}"
    assert sum(minutes) > 0
    expect(page.get_by_text(f"{whole} hours")).to_be_visible()
    projects = page.get_by_role("figure", name="Hours per project")
    projects.get_by_text("As a table").click()
    expect(projects.get_by_role("row").last).to_have_text(re.compile(rf"Total\s*{whole}"))
    page.get_by_role("button", name="Next week").click()
    page.get_by_role("button", name="Next week").click()
    expect(page.get_by_text("No time was recorded in this week.")).to_be_visible()
    expect(page.get_by_text("No entries in this week.")).to_be_visible()
    page.get_by_role("button", name="This week").click()
    expect(page.get_by_role("heading", name=re.compile("^This week, "))).to_be_visible()


def test_expenses(console: Console, demo: Server) -> None:
    page = console.page
    console.enter("clara", "demo-clara")
    expenses = console.section("Expenses")
    expenses.get_by_role("button", name="Add an expense").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Designation").fill("Maps of the harbour")
    dialog.get_by_label("Unit price").fill("cheap")
    dialog.get_by_label("Project").select_option(label="Fleet tracking")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert").last).to_have_text("Enter a number for the unit price.")
    dialog.get_by_label("Unit price").fill("12,50")
    dialog.get_by_label("Quantity").fill("3")
    dialog.get_by_label("Refundable").check()
    dialog.get_by_role("button", name="Add").click()
    row = expenses.get_by_role("listitem").filter(has_text="Maps of the harbour")
    expect(row).to_contain_text("3 × 12.50")
    expect(row).to_contain_text("37.50")
    expect(row).to_contain_text("refundable")
    row.get_by_role("button", name=re.compile("^Edit")).click()
    dialog.get_by_label("Quantity").fill("2")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("25.00")
    stored = call(demo, "getExpenses", key(demo, "clara"), 0, 0, -1, -1, 0, 1)["items"][0]
    assert (stored["value"], stored["multiplier"], stored["refundable"]) == ("12.50", "2.00", "1")
    row.get_by_role("button", name=re.compile("^Delete")).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).not_to_be_visible()
    shown = expenses.get_by_role("listitem")
    expect(shown).to_have_count(8)
    expenses.get_by_role("button", name="Show more").click()
    expect(shown).to_have_count(24)


def test_a_wrong_clock_of_the_computer_does_not_matter(browser: Browser, demo: Server) -> None:
    record = call(demo, "startRecord", key(demo, "ben"), 1, 11)["items"][0]
    with browsers.console(browser, demo.url) as console:
        console.page.clock.install(time="2001-02-03T04:05:06")
        console.enter("ben", "demo-ben")
        timer = console.timer
        expect(timer.get_by_role("timer")).to_have_text(re.compile(r"^0:0[01]:\d\d$"))
        expect(console.section("Entries")).to_contain_text("Today, ")
    call(demo, "stopRecord", key(demo, "ben"), record["timeEntryID"])


def test_what_was_stopped_elsewhere(console: Console, demo: Server) -> None:
    call(demo, "startRecord", key(demo, "ben"), 1, 11)
    console.enter("ben", "demo-ben")
    timer = console.timer
    stop = timer.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    call(demo, "stopRecord", key(demo, "ben"), 0)
    stop.click()
    expect(console.recording).to_have_text("No active recording")
