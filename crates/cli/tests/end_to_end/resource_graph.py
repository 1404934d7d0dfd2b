"""Pages through all sub-assessments with Azure's SDK for Python, and says how many there were.

Arguments: the server, a subscription, a token.
"""

import sys

from azure.core.credentials import AccessToken
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

server, subscription, token = sys.argv[1:4]


class Given:
    """A credential that was given."""

    def get_token(self, *scopes, **further):
        return AccessToken(token, 2**40)


client = ResourceGraphClient(
    Given(), base_url=server, credential_scopes=[server + "/.default"]
)
query = (
    "securityresources"
    " | where type == 'microsoft.security/assessments/subassessments'"
    " | project id, name, tostring(properties.status.severity)"
)
seen, pages, skip_token = set(), 0, None
while True:
    options = QueryRequestOptions(top=1000, skip_token=skip_token, result_format="objectArray")
    request = QueryRequest(subscriptions=[subscription], query=query, options=options)
    # The tests' server speaks without TLS.
    answer = client.resources(request, enforce_https=False)
    assert answer.total_records >= answer.count, answer
    assert answer.result_truncated == "false", answer
    seen.update(row["id"] for row in answer.data)
    pages += 1
    skip_token = answer.skip_token
    if not skip_token:
        break
print(f"{len(seen)} rows in {pages} pages")
