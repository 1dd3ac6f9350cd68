"""What the NetworkPolicies of deploy/k8s let through, as a cluster's network would read them."""


def selects(selector, labels):
    """Whether a LabelSelector fits these labels, as far as our policies have them."""
    return (all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())
            and all(e["operator"] == "In" and labels.get(e["key"]) in e["values"]
                    for e in selector.get("matchExpressions", [])))


def opened_ports(rule, names):
    """The ports of a NetworkPolicy's rule; `names` are those of the pod's own."""
    found = set()
    for each in rule.get("ports") or [{"port": 1, "endPort": 65535}]:
        first = names.get(each["port"], each["port"])
        found |= set(range(first, each.get("endPort", first) + 1))
    return found


def callers_of(workload, workloads, documents):
    """Who may call a workload's pods, by the policies among the documents: workload, or "a stranger" →
    ports."""
    labels = {w["metadata"]["name"]: w["spec"]["template"]["metadata"]["labels"] for w in workloads}
    names = {p["name"]: p["containerPort"]
             for c in workload["spec"]["template"]["spec"]["containers"] for p in c["ports"]}
    policies = [d["spec"] for d in documents if d["kind"] == "NetworkPolicy"
                and selects(d["spec"]["podSelector"], labels[workload["metadata"]["name"]])]
    # Who is under no policy is open to all.
    rules = [rule for policy in policies for rule in policy.get("ingress", [])] if policies else [{}]
    found = {caller: set() for caller in (*labels, "a stranger")}
    for rule in rules:
        ports = opened_ports(rule, names)
        for peer in rule.get("from") or [{"podSelector": {}}, {"namespaceSelector": {}}]:
            if peer.keys() == {"podSelector"}:
                for caller, own in labels.items():
                    found[caller] |= ports if selects(peer["podSelector"], own) else set()
            else:
                found["a stranger"] |= ports
    return found
