using System.Globalization;
using System.Text;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>Random situations in the language of tests/cases: every setting of a configuration, in any allowed
/// combination.</summary>
internal sealed class RandomConfiguration(Random random)
{
    /// <summary>Addresses that clients use; the last one lies in a VIP prefix.</summary>
    public static readonly string[] Vips =
        ["198.51.100.10", "198.51.100.20", "2001:db8:10::10", "2001:db8:10::20", "203.0.113.200"];

    private static readonly string[] VipPrefixes =
        ["203.0.113.128/25", "203.0.113.192/26", "2001:db8:77::/64", "2001:db8:77:0:8000::/65"];
    private static readonly string[] Servers = ["web1", "web2", "web3", "web6", "far1", "far2", "far6"];
    private static readonly string[] Algorithms =
        ["consistent-hash", "consistent-hash", "consistent-hash", "round-robin", "weighted-round-robin",
            "least-connections", "weighted-least-connections"];
    private static readonly string[] Prefixes =
        ["203.0.113.0/24", "203.0.113.7/32", "203.0.113.0/29", "0.0.0.0/0", "::/0", "2001:db8:c::/64",
            "2001:db8:c::7/128", "2001:db8::/32", "10.0.0.0/8"];

    private static readonly string[] HashFields =
        ["source-address", "source-address", "source-address-and-port", "five-tuple", "destination-port"];

    private static readonly string[] States = ["enabled", "enabled", "enabled", "enabled", "draining", "disabled"];

    private readonly HashSet<string> _usedPorts = [];
    private int _pools;
    private bool _hasLan2;

    /// <summary>True when some server may be reached through another interface.</summary>
    public bool HasSeveralInterfaces => _hasLan2;

    /// <summary>The initial situation.</summary>
    public string First()
    {
        _hasLan2 = Chance(2);
        _pools = random.Next(1, 5);
        var text = new StringBuilder("{");
        text.Append(CultureInfo.InvariantCulture, $"hashKey: \"{random.NextInt64():x16}{random.NextInt64():x16}\", ");
        if (Chance(3))
            text.Append("peers: [director2], ");
        text.Append(CultureInfo.InvariantCulture, $"onNoService: {Of("drop", "reset", "unreachable")}, ");
        text.Append(CultureInfo.InvariantCulture,
            $"interfaces: {{uplink: {{{(Chance(4) ? "" : "address6: director6, ")}mtu: {Mtu()}}}");
        if (_hasLan2)
        {
            text.Append(CultureInfo.InvariantCulture,
                $", lan2: {{index: 2, mac: director-lan2, address: director-lan2, "
                + $"address6: director6-lan2, mtu: {Mtu()}}}");
        }
        text.Append("}, ");
        text.Append(CultureInfo.InvariantCulture,
            $"profiles: {{{string.Join(", ", Enumerable.Range(0, 5).Select(Profile))}}}, ");
        text.Append(CultureInfo.InvariantCulture,
            $"pools: {{{string.Join(", ", Enumerable.Range(0, _pools).Select(Pool))}}}, ");
        text.Append(CultureInfo.InvariantCulture, $"accessLists: {{a0: {AccessList()}, a1: {AccessList()}}}, ");
        var services = Enumerable.Range(0, random.Next(2, 10)).Select(Service).Where(static s => s.Length > 0);
        text.Append("services: {web: null, dns: null, far: null, far-dns: null, idle: null, ");
        text.Append(CultureInfo.InvariantCulture, $"{string.Join(", ", services)}}}, ");
        var nextHops = Servers.Select(NextHop).Where(static h => h.Length > 0);
        text.Append(CultureInfo.InvariantCulture, $"nextHops: {{{string.Join(", ", nextHops)}}}");
        if (_usedPorts.Count > 0)
        {
            var vips = _usedPorts.Select(static c => c.Split(' ')[0]).Distinct().Where(_ => Chance(2))
                .Select(v => $"\"{v}\": {{echo: {Of("active", "always", "drop", "forward", "forward")}}}");
            text.Append(CultureInfo.InvariantCulture, $", vips: {{{string.Join(", ", vips)}}}");
        }
        return text.Append('}').ToString();
    }

    /// <summary>A change of the situation.</summary>
    public string Next()
    {
        var changes = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(7) switch
        {
            0 => $"profiles: {{{Profile(random.Next(5))}}}",
            1 => $"nextHops: {{{Of(Servers)}: null}}",
            2 => $"accessLists: {{a0: {AccessList()}}}",
            _ => $"pools: {{{PoolName()}: {{servers: {{{Server(Of(Servers))}}}}}}}",
        }).GroupBy(static c => c.Split(':')[0]).Select(static g => g.First());
        return $"{{{string.Join(", ", changes)}}}";
    }

    private string Mtu() => Of("1500", "1500", "1500", "1400", "1300", "9000", "1000");

    private string PoolName() => string.Create(CultureInfo.InvariantCulture, $"p{random.Next(_pools)}");

    private string Profile(int number)
    {
        // One profile stays at layer 2.
        if (number == 0)
            return $"l2: {{dsr: l2, oversized: {TooBig()}, udpOnRebalance: {Of("stay", "move")}}}";
        var parts =
            new List<string> { "dsr: l3", $"encapsulation: {Of("ipip", "ipip", "gue", "gre")}",
                $"oversized: {TooBig()}", $"udpOnRebalance: {Of("stay", "move")}" };
        if (Chance(3))
            parts.Add(
                $"outerSource: [{Of("198.18.0.0/15", "198.18.7.0/24", "0.0.0.0/0")}, "
                + $"\"{Of("2001:db8:5e::/64", "2001:db8:5e::/60", "2001:db8:5e::100/120")}\"]");
        if (Chance(3))
            parts.Add("guePort: 6081");
        if (Chance(3))
            parts.Add("idleTimeouts: {tcp: 600, udp: 300, icmp: 300, afterFin: 200, afterRst: 100}");
        else
            parts.Add("idleTimeouts: {icmp: 300}");
        return string.Create(CultureInfo.InvariantCulture, $"l3-{number}: {{{string.Join(", ", parts)}}}");
    }

    private string TooBig() => Of("icmp", "icmp", "fragment", "drop");

    private string Pool(int number)
    {
        var parts = new List<string>
        {
            $"algorithm: {Of(Algorithms)}",
            $"hash: {Of(HashFields)}",
            $"fragmentTracking: {Of("true", "true", "false")}",
            $"minServers: {Of("1", "1", "2")}",
            $"drain: {{deadline: {Of("60", "60", "3600")}, onDeadline: {Of("keep", "rehash", "reset", "reset")}}}",
            $"servers: {{{string.Join(", ", Servers.Where(_ => Chance(2)).Select(Server))}}}",
        };
        if (Chance(4))
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"persistence: {{timeout: 600, prefixLength4: {random.Next(1, 33)}, "
                + $"prefixLength6: {random.Next(1, 129)}}}"));
        }
        return string.Create(CultureInfo.InvariantCulture, $"p{number}: {{{string.Join(", ", parts)}}}");
    }

    private string Server(string name)
    {
        var encapsulation = Chance(5) ? $", encapsulation: {Of("ipip", "gue", "gre")}" : "";
        var backup = Chance(8) ? ", backup: true" : "";
        var weight = Chance(8) ? 0 : random.Next(1, 6);
        return string.Create(CultureInfo.InvariantCulture,
            $"{name}: {{address: {name}, weight: {weight}, state: {Of(States)}{encapsulation}{backup}}}");
    }

    /// <summary>Allowed and denied prefixes; none is in both lists.</summary>
    private string AccessList()
    {
        var chosen = Prefixes.Where(_ => Chance(3)).Select(p => (Prefix: Quoted(p), Allows: Chance(2))).ToArray();
        string List(bool allows) =>
            string.Join(", ", chosen.Where(c => c.Allows == allows).Select(static c => c.Prefix));
        return $"{{allow: [{List(true)}], deny: [{List(false)}]}}";
    }

    private string Service(int number)
    {
        var vips = Enumerable.Range(0, random.Next(1, 3)).Select(_ => Of(random.Next(4) == 0 ? VipPrefixes : Vips))
            .Distinct().ToArray();
        var protocol = Of("tcp", "tcp", "udp", "udp", "sctp", "any");
        var ports = protocol == "any"
            ? []
            : Enumerable.Range(0, random.Next(1, 3))
                .Select(_ => Of("80", "80", "53", "443", "8000-8099", "8050-9000", "1-65535", "any")).Distinct()
                .ToArray();
        if (ports.Contains("any") || ports.Contains("1-65535"))
            ports = [ports.First(static p => p is "any" or "1-65535")];
        if (ports.Contains("8000-8099") && ports.Contains("8050-9000"))
            ports = ["8000-8099"];
        var wantedPorts = vips.SelectMany(v => ports.DefaultIfEmpty("*").Select(p => $"{v} {protocol} {p}")).ToArray();
        // Two services with the same address, protocol and port are rejected.
        if (wantedPorts.Any(_usedPorts.Contains))
            return "";
        _usedPorts.UnionWith(wantedPorts);
        var parts =
            new List<string> { $"vips: [{string.Join(", ", vips.Select(Quoted))}]", $"protocol: {protocol}",
                $"pool: {PoolName()}" };
        if (ports is ["any"])
            parts.Add("ports: any");
        else if (ports.Length > 0)
        {
            var sorted = ports.OrderBy(static p => int.Parse(p.Split('-')[0], CultureInfo.InvariantCulture));
            parts.Add($"ports: [{string.Join(", ", sorted)}]");
        }
        if (!Chance(4))
            parts.Add(
                Chance(3) ? "profile: l2"
                    : string.Create(CultureInfo.InvariantCulture, $"profile: l3-{random.Next(1, 5)}"));
        if (Chance(4))
            parts.Add($"accessList: {Of("a0", "a1")}");
        if (Chance(2))
            parts.Add($"onNoServer: {Of("drop", "reset", "unreachable")}");
        if (Chance(10))
            parts.Add("trafficEnabled: false");
        return string.Create(CultureInfo.InvariantCulture, $"s{number}: {{{string.Join(", ", parts)}}}");
    }

    private string NextHop(string server) => random.Next(12) switch
    {
        0 => $"{server}: null",
        1 => $"{server}: {{mac: director, router: false, local: true}}",
        < 5 when _hasLan2 => $"{server}: {{via: lan2}}",
        _ => "",
    };

    private static string Quoted(string text) => $"\"{text}\"";

    private bool Chance(int of) => random.Next(of) == 0;

    private string Of(params string[] choices) => choices[random.Next(choices.Length)];
}
