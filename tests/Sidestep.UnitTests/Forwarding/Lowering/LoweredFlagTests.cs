using System.Net;
using System.Reflection;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using ServiceEntry = Sidestep.Forwarding.ServiceEntry;

namespace Sidestep.UnitTests.Forwarding.Lowering;

/// <summary>Flags have the values of src/bpf/tables.h, which the constants of the XDP engine repeat under a test of
/// their own.</summary>
public sealed class LoweredFlagTests
{
    private static readonly ServiceEntry Plain = new()
    {
        Key = ServiceKey.InDefault("www"),
        Vips = [],
        Protocol = TransportProtocol.Tcp,
        Ports = [],
        Group = new GroupKey(PoolKey.InDefault("p"), Encap.Layer2),
    };

    public static TheoryData<string, long> Flags =>
    [
        .. Enum.GetValues<ServiceProperties>().Where(static f => f != 0)
            .Select(static f => new TheoryDataRow<string, long>($"Service{f}", (long)f)),
        .. Enum.GetValues<ServerProperties>().Where(static f => f != 0)
            .Select(static f => new TheoryDataRow<string, long>($"Server{f}", (long)f)),
        new TheoryDataRow<string, long>("SlotTracked", SlotWords.Tracked),
        new TheoryDataRow<string, long>("SlotServerMask", SlotWords.ServerMask),
    ];

    [Theory, MemberData(nameof(Flags))]
    public void Flag_has_the_value_of_the_program(string constant, long value) => Assert.Equal(value, Convert.ToInt64(
        typeof(Constants).GetField(constant, BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null), null));

    [Theory]
    [InlineData(Algorithm.ConsistentHash, ServiceProperties.None)]
    [InlineData(Algorithm.RoundRobin, ServiceProperties.TracksFlows | ServiceProperties.RoundRobin)]
    [InlineData(Algorithm.WeightedRoundRobin, ServiceProperties.TracksFlows | ServiceProperties.RoundRobin)]
    [InlineData(Algorithm.LeastConnections, ServiceProperties.TracksFlows | ServiceProperties.LeastConn)]
    [InlineData(Algorithm.WeightedLeastConnections, ServiceProperties.TracksFlows | ServiceProperties.LeastConn)]
    public void Algorithms_other_than_the_hash_track_every_flow(Algorithm algorithm, ServiceProperties flags) =>
        Assert.Equal(ServiceProperties.Used | flags,
            ServiceLowering.FlagsOf(Plain with { Algorithm = algorithm }, hasPeers: false));

    [Theory]
    [InlineData(HashFields.SourceAddress, ServiceProperties.None)]
    [InlineData(HashFields.SourceAddressAndPort, ServiceProperties.HashPort)]
    [InlineData(HashFields.FiveTuple, ServiceProperties.HashFive)]
    [InlineData(HashFields.DestinationPort, ServiceProperties.HashDest)]
    public void Hash_fields_are_two_bits(HashFields fields, ServiceProperties flags) => Assert.Equal(
        ServiceProperties.Used | flags, ServiceLowering.FlagsOf(Plain with { HashFields = fields }, hasPeers: false));

    [Theory]
    [InlineData(RejectPolicy.Drop, ServiceProperties.None)]
    [InlineData(RejectPolicy.Reset, ServiceProperties.RejectReset)]
    [InlineData(RejectPolicy.Unreachable, ServiceProperties.RejectUnreachable)]
    public void Reject_policy_is_two_bits(RejectPolicy policy, ServiceProperties flags) => Assert.Equal(
        ServiceProperties.Used | flags, ServiceLowering.FlagsOf(Plain with { OnNoServer = policy }, hasPeers: false));

    [Fact]
    public void Persistence_tracks_clients() => Assert.Equal(
        ServiceProperties.Used | ServiceProperties.TracksFlows | ServiceProperties.Persistence,
        ServiceLowering.FlagsOf(Plain with { Persistence = new Persistence(60) }, hasPeers: false));

    [Fact]
    public void Datagrams_one_by_one_are_a_flag_and_leave_no_packet_of_the_group_to_its_slot()
    {
        var service = Plain with { Protocol = TransportProtocol.Udp, OncePerDatagram = true };
        Assert.Equal(ServiceProperties.Used | ServiceProperties.PerDatagram,
            ServiceLowering.FlagsOf(service, hasPeers: false));
        var tables = new ForwardingTables
        {
            HashKey = new HashKey(1, 2),
            Interfaces = [],
            Vips = [],
            Services = [service],
            Groups = [],
        };
        Assert.True(GroupUse.Of(tables)[Plain.Group].TracksFlows);
    }

    [Fact]
    public void Peers_need_checks() => Assert.Equal(
        ServiceProperties.Used | ServiceProperties.NeedsChecks, ServiceLowering.FlagsOf(Plain, hasPeers: true));

    [Fact]
    public void One_service_that_tracks_flows_makes_its_whole_group_tracked()
    {
        var tables = new ForwardingTables
        {
            HashKey = new HashKey(1, 2),
            Interfaces = [],
            Vips = [],
            Services = [Plain,
                Plain with { Key = ServiceKey.InDefault("other"), Algorithm = Algorithm.LeastConnections }],
            Groups = [],
        };
        Assert.Equal(new GroupUse(TracksFlows: true, IgnoresWeights: true), GroupUse.Of(tables)[Plain.Group]);
        Assert.Equal(default, GroupUse.Of(tables with { Services = [Plain] })[Plain.Group]);
    }

    [Theory]
    [InlineData(5, false, 5)]
    [InlineData(5, true, 1)]
    [InlineData(0, true, 0)]
    public void Weight_0_stays_when_weights_are_ignored(int weight, bool ignores, int expected) => Assert.Equal(
        expected, ServerLowering.WeightOf(new ServerEntry("s", IPAddress.Loopback, weight, null), ignores));
}
