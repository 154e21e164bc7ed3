"""The page of a server of rows, as a person sees it."""

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_page_shows_other_rows_at_every_visit(row_server: Server) -> None:
    pages = {row_server.client.get("/").text for _ in range(3)}
    assert len(pages) == 3
    page = row_server.client.get("/", params={"seed": 7, "where": "age > 40", "class": "", "truncation": "0.9"}).text
    assert "<script" not in page
    link = html.unescape(re.findall(r'href="(rows\.csv[^"]*)"', page)[0])
    assert link == "rows.csv?n=1000&seed=7&where=age+%3E+40&truncation=0.9"
    first = row_server.client.get("/" + link.replace("n=1000", "n=10")).text
    cells = [html.unescape(cell) for cell in re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", page)]
    assert cells == ",".join(first.splitlines()).split(",")
    for status, where in ((400, "<script>"), (404, "age > 4000")):
        refused = row_server.client.get("/", params={"where": where})
        assert refused.status_code == status
        assert 'role="alert"' in refused.text
        assert "<script>" not in refused.text


def test_a_person_finds_rows_in_a_browser(row_server: Server, browser: "Browser", tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(f"{row_server.address}/?token={row_server.token}")
    rows = page.locator("tbody tr")
    assert rows.count() == 10
    first = page.locator("tbody").inner_text()
    page.get_by_role("button", name="Other rows").click()
    page.wait_for_load_state()
    assert page.locator("tbody").inner_text() != first
    page.get_by_label("Only rows with").fill("age > 40")
    page.get_by_label("Ask for").select_option("city=Bonn")
    page.keyboard.press("Enter")
    page.wait_for_url("**where=age*")
    ages = page.locator("tbody td:nth-child(2)").all_inner_texts()
    assert len(ages) == 10
    assert all(int(age) > 40 for age in ages)
    page.get_by_role("button", name="Other rows").click()  # the fields keep what they hold
    page.wait_for_load_state()
    assert page.get_by_label("Only rows with").input_value() == "age > 40"
    with page.expect_download() as download:
        page.get_by_role("link", name="rows as CSV").click()
    download.value.save_as(tmp_path / "rows.csv")
    whole = pd.read_csv(tmp_path / "rows.csv")
    assert len(whole) == 1000
    assert (whole["age"] > 40).all()
    assert page.locator("tbody").inner_text().splitlines()[0].split("\t")[0] == whole["city"][0]
    page.close()
