using System.Globalization;
using System.Net;
using Sidestep.ConformanceTests.Robustness;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>Fields of outer headers that differ per flow, so that servers spread flows over their receive queues:
/// constant for one flow, and sufficiently different among many.</summary>
[Collection(SerialEngines.Name)]
public sealed class FlowEntropyTests
{
    private const int Flows = 2000;

    private const string Given =
        """
        interfaces: {uplink: {address6: director6}}
        profiles:
          gue: {dsr: l3, encapsulation: gue}
          spread: {dsr: l3, outerSource: [198.18.0.0/16, "2001:db8:5e::/64"]}
        pools: {far6: {servers: {far6: {address: far6}}}}
        services:
          far: {profile: gue}
          far-dns: {profile: spread}
          in6: {vip: vip6-l3, protocol: tcp, port: 80, pool: far6}
          in6-spread: {vip: vip6, protocol: tcp, port: 80, pool: far6, profile: spread}
        """;

    [Fact]
    public void GUE_source_ports_spread_over_flows()
    {
        var ports = Fields("ipv4: {to: vip-l3}", "tcp", static f => ParsedFrame.U16(f, 34));
        Assert.All(ports, static p => Assert.InRange(p, 49152, 65535));
        AssertSpread(ports, 1 << 14);
    }

    [Fact]
    public void Outer_IPv4_source_addresses_spread_over_flows()
    {
        var sources = Fields("ipv4: {to: vip-l3}", "udp: {to: 53}", static f => new IPAddress(f[26..30]));
        Assert.All(sources, static s => Assert.True(IPNetwork.Parse("198.18.0.0/16").Contains(s), $"{s}"));
        AssertSpread(sources, 1 << 16);
    }

    [Fact]
    public void Outer_IPv6_source_addresses_spread_over_flows()
    {
        var sources = Fields("ipv6: {to: vip6}", "tcp", static f => new IPAddress(f[22..38]));
        Assert.All(sources, static s => Assert.True(IPNetwork.Parse("2001:db8:5e::/64").Contains(s), $"{s}"));
        AssertSpread(sources, 1 << 30);
    }

    [Fact]
    public void IPv6_flow_labels_spread_over_flows() =>
        AssertSpread(
            Fields("ipv6: {to: vip6-l3}", "tcp", static f => (f[15] & 15) << 16 | ParsedFrame.U16(f, 16)), 1 << 20);

    private static List<T> Fields<T>(string network, string transport, Func<byte[], T> field)
    {
        var director = new TestDirector(Given);
        T Of(int flow, int payload)
        {
            var port = (30000 + flow).ToString(CultureInfo.InvariantCulture);
            var with = transport.Contains('{', StringComparison.Ordinal)
                    ? transport.Replace("{", $"{{from: {port}, ", StringComparison.Ordinal)
                    : $"{transport}: {{from: {port}}}";
            return field(
                director.Send($"[{network}, {with}, payload: {payload.ToString(CultureInfo.InvariantCulture)}]"));
        }
        var fields = Enumerable.Range(0, Flows).Select(flow => Of(flow, 0)).ToList();
        Assert.All(Enumerable.Range(0, Flows), flow => Assert.Equal(fields[flow], Of(flow, 1 + flow % 100)));
        return fields;
    }

    /// <summary>At least nine tenths of the number of distinct values that a random choice would give.</summary>
    private static void AssertSpread<T>(List<T> values, double possible)
    {
        var byChance = possible * (1 - Math.Pow(1 - 1 / possible, values.Count));
        Assert.InRange(values.Distinct().Count(), 0.9 * byChance, values.Count);
    }
}
