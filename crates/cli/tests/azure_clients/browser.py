"""What a person does in the browser that `az login` opens: signs in, and lets the application in.

It is started with the address as its argument, follows redirects, keeps cookies, and sends the forms of the pages.
"""

import os
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what stands in its fields."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append((attrs.get("action", ""), {}))
        elif tag == "input" and self.forms and "name" in attrs:
            self.forms[-1][1][attrs["name"]] = attrs.get("value", "")


def send(browser, page, has, **filled):
    """Sends the form that has a field, with some of its fields filled in."""
    action, fields = next(form for form in Forms(page.text).forms if has in form[1])
    target = urljoin(page.url, action)
    origin = "/".join(page.url.split("/")[:3])
    return browser.post(target, data={**fields, **filled}, headers={"origin": origin})


browser = requests.Session()
page = browser.get(sys.argv[1])
page.raise_for_status()
page = send(browser, page, "password", name="admin", password=os.environ["LAZARETTO_PASSWORD"])
page.raise_for_status()
send(browser, page, "code").raise_for_status()
