"""Logins that wait for a person, on the page."""

import looks
from browser import browser_page, post
from installation import Installation
from playwright.sync_api import expect


def logins(check):
    """logins that wait for a person"""
    place = Installation(check, password="secret")
    place.start_sandbox()
    with browser_page() as page:
        looks.prepare(page)
        page.goto(place.page)
        row = page.locator(".login")
        status = page.locator("#status")
        expect(status).to_contain_text(f"server.sandbox.control: http://127.0.0.1:{place.control}")

        # A code, which disappears with its client; then another one, that is approved.
        child = place.start_service()
        expect(row).to_contain_text("wants to log in", timeout=20_000)
        expect(row).to_contain_text("A device that has not logged in before")
        looks.look(page, "a login")
        child.stop()
        expect(row).to_have_count(0)
        child = place.start_service()
        expect(row).to_have_count(1)
        row.locator("[data-action=approve]").click()
        expect(row).to_have_count(0)
        expect(status).to_contain_text("小振 Libration is online", timeout=20_000)
        child.stop()

        # With a password there is a captcha, and the device has to be let in.
        post(page, "/api/users/10001/password", {"password": "secret"})
        for fault in ("captcha:uin=10001", "new-device:uin=10001"):
            post(page, "/api/faults", {"fault": fault})
        for session in place.config.parent.glob("data/**/keystore.json"):
            session.unlink()
        place.start_service()
        expect(row).to_contain_text("has to solve a captcha to log in as 小振 Libration (10001)", timeout=20_000)
        looks.look(page, "a captcha that waits")
        with page.context.expect_page() as opened:
            row.get_by_role("link").click()
        captcha = opened.value
        looks.prepare(captcha)
        captcha.reload()
        asked = page.evaluate("fetch('/api/captchas').then((r) => r.json())")[0]
        looks.look(captcha, "the page of a captcha")
        captcha.locator("#solve").click()
        expect(captcha.locator("#values")).to_contain_text(asked["ticket"])
        looks.look(captcha, "the page of a captcha that is solved")
        captcha.close()
        answered = place.answer(asked["ticket"], asked["randstr"])
        expect(row).to_contain_text("is a new device of 小振 Libration (10001): let it in?", timeout=20_000)
        looks.look(page, "a new device")
        row.locator("[data-action=approve]").click()
        expect(row).to_have_count(0)
        expect(status).to_contain_text("小振 Libration is online", timeout=20_000)
        answered.wait()
    print("  a code, a captcha and a new device on the page; what nobody waits for disappears")
