using System.Collections.Immutable;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.EngineManaged;

public sealed class EngineCapabilitiesTests
{
    private static readonly EngineCapabilities Small = new()
    {
        Engine = "small",
        MaxServices = 1,
        MaxVips = 0,
        MaxServers = 1,
        MaxSlots = 1000,
        MaxInterfaces = 0,
        MaxPeers = 1,
        MaxPrefixes = 4,
    };

    [Fact]
    public void Both_engines_accept_the_same_tables() =>
        Assert.Equal(XdpEngine.Capabilities, ManagedEngine.Capabilities with { Engine = "xdp" });

    [Fact]
    public void Tables_over_the_limits_are_rejected_with_every_number()
    {
        var tables = Tables(monitors: []) with { Peers = [new MacAddress(1), new MacAddress(2)] };
        Assert.Equal("the configuration exceeds the limits of the small engine: 2 services, 1 fit; 1 VIPs, 0 fit; 2"
            + " real servers (counted once per service of a monitored pool, and per encapsulation), 1 fit; 1021 slots"
            + " in all slot tables, 1000 fit;"
            + " 1 interfaces, 0 fit; 2 other directors, 1 fit. docs/limits.md lists the limits and their cost",
            Assert.Throws<EngineException>(() => Small.Check(tables)).Message);
    }

    [Fact]
    public void Tables_at_the_limits_are_accepted() => (Small with
    {
        MaxServices = 2,
        MaxVips = 1,
        MaxServers = 2,
        MaxSlots = 1021,
        MaxInterfaces = 1,
    }).Check(Tables(monitors: []));

    [Fact]
    public void Services_with_slots_of_their_own_are_named_with_the_remedy() =>
        Assert.Contains("2042 slots in all slot tables, 1021 fit. The 2 services of pool p have slots and servers of"
            + " their own: healthScope: pool lets them share. docs/limits.md",
            Assert.Throws<EngineException>(() => (ManagedEngine.Capabilities with { MaxSlots = 1021 })
                .Check(Tables(monitors: null))).Message, StringComparison.Ordinal);

    /// <summary>A list that several services share counts once; each list has two entries for all other
    /// addresses.</summary>
    [Fact]
    public void Prefixes_of_each_access_list_and_of_VIPs_count()
    {
        var list = new AccessList
        {
            Name = "l",
            Allow = [PrefixText.Parse("192.0.2.0/24")],
            Deny = [PrefixText.Parse("198.51.100.0/24")],
        };
        var tables = Tables(monitors: []);
        tables = tables with
        {
            Services = [.. tables.Services.Select(s => s with { AccessList = list })],
            Vips = [.. tables.Vips, new VipEntry(PrefixText.Parse("203.0.113.128/25"), false, EchoAction.Drop)],
        };
        var large = ManagedEngine.Capabilities;
        (large with { MaxPrefixes = 5 }).Check(tables);
        Assert.Contains("5 prefixes in access lists and VIPs, 4 fit",
            Assert.Throws<EngineException>(() => (large with { MaxPrefixes = 4 }).Check(tables)).Message,
            StringComparison.Ordinal);
    }

    private static ForwardingTables Tables(ImmutableArray<string>? monitors) => TestTables.Compile(
        [TestTables.Pool("p", "s1", "s2") with { Monitors = monitors }],
        [TestTables.Service("dns", "p"), TestTables.Service("www", "p", 80)]);
}
