using System.Net;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using static Sidestep.UnitTests.Native.NetlinkBytes;

namespace Sidestep.UnitTests.Native;

/// <summary>Messages about interfaces, neighbours and traffic control.</summary>
public sealed class LinkMessageTests
{
    private const int NewLink = 16, NewNeighbour = 28, Create = 0x400, Replace = 0x100;
    private static readonly byte[] Mac = [2, 0, 0, 0, 0, 9];

    [Fact]
    public void Interfaces_are_ordered_by_index()
    {
        // struct ifinfomsg: family, padding, type, index, flags, change
        var found = Interfaces.Parse(
        [
            Received(NewLink, [0, 0], U16(1), U32(9), U32(0x1003), U32(0),
                Attribute(3, Name("eth0")), Attribute(4, U32(1500)), Attribute(1, Mac)),
            Received(NewLink, [0, 0], U16(772), U32(1), U32(0x49), U32(0), Attribute(3, Name("lo")),
                Attribute(4, U32(65536))),
        ]);
        Assert.Equal([(1, "lo"), (9, "eth0")], found.Select(static i => (i.Index, i.Name)));
        var (loopback, ethernet) = (found[0], found[1]);
        Assert.Equal(
            (true, true, false, 65536), (loopback.IsUp, loopback.IsLoopback, loopback.IsEthernet, loopback.MtuBytes));
        Assert.Equal(
            (true, false, true, 1500), (ethernet.IsUp, ethernet.IsLoopback, ethernet.IsEthernet, ethernet.MtuBytes));
        Assert.Equal(Mac, ethernet.Address.ToArray());
    }

    /// <summary>IFF_UP is 1, IFF_LOWER_UP is 0x10000, IFLA_CARRIER_CHANGES is 35.</summary>
    [Theory]
    [InlineData(0x1_1003, true, null)]
    [InlineData(0x1003, false, "interface 'eth0' has no carrier")]
    [InlineData(0x1002, false, "interface 'eth0' is down")]
    public void Carrier_and_its_changes_are_read(int flags, bool hasCarrier, string? problem)
    {
        var found = Assert.Single(Interfaces.Parse([Received(NewLink, [0, 0], U16(1), U32(9), U32((uint)flags), U32(0),
            Attribute(3, Name("eth0")), Attribute(35, U32(6)))]));
        Assert.Equal((hasCarrier, 6u, problem), (found.HasCarrier, found.CarrierChanges, found.Problem));
    }

    [Fact]
    public void Interface_without_address_and_MTU_is_listed_without_them()
    {
        var found = Assert.Single(Interfaces.Parse(
            [Received(NewLink, [0, 0], U16(65534), U32(3), U32(0x1002), U32(0), Attribute(3, Name("tun0")))]));
        Assert.Equal((false, 0, true), (found.IsUp, found.MtuBytes, found.Address.IsEmpty));
    }

    /// <summary>struct ndmsg: family, padding, interface, state, flags, type.</summary>
    [Fact]
    public void Resolving_a_neighbour_uses_it() => Assert.Equal(
        Expected(NewNeighbour, Create, [2, 0, 0, 0], U32(3), U16(0), [1, 0], Attribute(1, 192, 0, 2, 7)),
        Sent(Neighbours.ResolveRequest(3, IPAddress.Parse("192.0.2.7"))));

    [Fact]
    public void Learned_neighbour_is_reachable()
    {
        var address = IPAddress.Parse("2001:db8::7");
        Assert.Equal(
            Expected(NewNeighbour, Create | Replace, [10, 0, 0, 0], U32(3), U16(0x02), [0, 0],
                Attribute(1, address.GetAddressBytes()), Attribute(2, Mac)),
            Sent(Neighbours.LearnRequest(3, address, Mac)));
    }

    [Theory]
    [InlineData(0x01, false, false)] // NUD_INCOMPLETE
    [InlineData(0x02, true, false)] // NUD_REACHABLE
    [InlineData(0x04, true, false)] // NUD_STALE
    [InlineData(0x08, true, false)] // NUD_DELAY
    [InlineData(0x10, true, false)] // NUD_PROBE
    [InlineData(0x20, false, false)] // NUD_FAILED
    [InlineData(0x40, true, true)] // NUD_NOARP
    [InlineData(0x80, true, true)] // NUD_PERMANENT
    public void State_of_a_neighbour_is_decoded(int state, bool isValid, bool isStatic)
    {
        var found = Neighbours.Parse(Received(NewNeighbour, [2, 0, 0, 0], U32(3), U16(state), [0, 1],
            Attribute(1, 192, 0, 2, 7), Attribute(2, Mac)));
        Assert.Equal((3, IPAddress.Parse("192.0.2.7"), isValid, isStatic),
            (found.InterfaceIndex, found.Address, found.IsValid, found.IsStatic));
        Assert.Equal(Mac, found.Mac.ToArray());
    }

    [Fact]
    public void Neighbour_that_is_not_resolved_has_no_Ethernet_address()
    {
        var found = Neighbours.Parse(
            Received(NewNeighbour, [2, 0, 0, 0], U32(3), U16(1), [0, 1], Attribute(1, 192, 0, 2, 7)));
        Assert.True(found.Mac.IsEmpty);
        Assert.Equal(
            IPAddress.None, Neighbours.Parse(Received(NewNeighbour, [2, 0, 0, 0], U32(3), U16(1), [0, 1])).Address);
    }

    [Theory]
    [InlineData(28, true)]
    [InlineData(29, true)]
    [InlineData(30, false)]
    [InlineData(24, false)]
    public void New_and_deleted_neighbours_are_events_about_neighbours(int type, bool isEvent) =>
        Assert.Equal(isEvent, Neighbours.IsEvent(Received(type)));

    /// <summary>struct tcmsg: family, padding, interface, handle, parent, info.</summary>
    [Fact]
    public void BPF_filter_has_position_protocol_name_and_program()
    {
        byte[] options = [.. Attribute(7, Name("director:[42]")), .. Attribute(11, U32(42))];
        var found = Assert.Single(
            TcFilters.Parse([Filter(0x51, 51, 0x0003, Attribute(1, Name("bpf")), Attribute(2, options))]));
        Assert.Equal(new TcFilterPosition(51, 0x51), found.Position);
        Assert.Equal(("bpf", TcFilter.AllProtocols, 0u), (found.Kind, found.Protocol, found.Chain));
        Assert.Equal(("director:[42]", 42u), (found.Name, found.ProgramId));
    }

    [Fact]
    public void Filter_of_another_kind_has_no_program()
    {
        var found = Assert.Single(TcFilters.Parse(
        [
            Filter(0x800, 49152, 0x0800,
                Attribute(1, Name("u32")), Attribute(11, U32(3)), Attribute(2, Attribute(1, U32(5)))),
        ]));
        Assert.Equal(("u32", (ushort)0x0800, 3u, "", 0u),
            (found.Kind, found.Protocol, found.Chain, found.Name, found.ProgramId));
    }

    [Fact]
    public void Classifier_without_a_handle_is_no_filter() =>
        Assert.Empty(TcFilters.Parse([Filter(0, 51, 0x0003, Attribute(1, Name("bpf")))]));

    [Theory]
    [InlineData(7, 0xfffffff1, "clsact")]
    [InlineData(8, 0xfffffff1, null)] // another interface
    [InlineData(7, 0xffffffff, null)] // the root qdisc
    public void Qdisc_for_ingress_filters_is_that_of_the_interface(int index, uint parent, string? kind)
    {
        var reply = Received(
            36, [0, 0, 0, 0], U32(index), U32(0xffff0000), U32(parent), U32(1), Attribute(1, Name("clsact")));
        Assert.Equal(kind, TcFilters.ParseQdisc([reply], 7));
    }

    [Fact]
    public void Only_static_multicast_addresses_are_listed()
    {
        string[] table =
        [
            "2    eth0            1     0     01005e000001",
            "2    eth0            1     1     333300000001",
            "3    a               2     3     3333ff000010",
            "malformed line",
        ];
        Assert.Equal([("a", "3333ff000010"), ("eth0", "333300000001")], LinkMulticast.Parse(table).Order());
    }

    private static NetlinkMessage Filter(uint handle, int priority, int etherType, params byte[][] attributes) =>
        Received(
        44, [[0, 0, 0, 0], U32(7), U32(handle), U32(0xfffffff2), U16BigEndian(etherType), U16(priority),
            .. attributes]);
}
