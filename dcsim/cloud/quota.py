"""Quotas. Service Quotas User Guide, "Requesting a quota increase"; who asks here is granted it at once."""

from dcsim.asked import Asked
from dcsim.cloud.refusal import refusal
from dcsim.problem import Refused
from dcsim.quota import GROUPS_OF_INTERFACE, QUOTAS, RULES_OF_INTERFACE, SECURITY_GROUP_RULES, Quota, Quotas
from dcsim.request import RequestServiceQuotaIncrease


def request_service_quota_increase(quotas: Quotas, request: RequestServiceQuotaIncrease) -> list[str]:
    quota = QUOTAS.get(request.quota_name)
    if quota is None:
        raise refusal(request, "NoSuchResourceException", f"no quota {request.quota_name}")
    value = request.desired_value
    if not 1 <= value <= quota.most:
        message = f"{quota.name} cannot be {value:,}"
        raise refusal(request, "IllegalArgumentException", message, f"{quota.most:,} at most")
    rules, groups = (value if quota is each else quotas[each] for each in (SECURITY_GROUP_RULES, GROUPS_OF_INTERFACE))
    if quota in (SECURITY_GROUP_RULES, GROUPS_OF_INTERFACE) and rules * groups > RULES_OF_INTERFACE:
        message = f"{groups} groups an interface with {rules} rules a group are {rules * groups:,} rules"
        raise refusal(request, "IllegalArgumentException", message, f"{RULES_OF_INTERFACE:,} at most; lower the other")
    quotas.apply(quota, value)
    return [quota.name]


def exceeded(request: Asked, code: str, message: str, quotas: Quotas, quota: Quota, *, field: str = "") -> Refused:
    """`quota` does not allow one more."""
    most = quotas[quota]
    advice = f"{most:,} at most" if most >= quota.most else f"{most:,} at most; raise {quota.name} in quotas"
    return refusal(request, code, message, advice, field=field)
