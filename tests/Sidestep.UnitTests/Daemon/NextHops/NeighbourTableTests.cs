using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NeighbourTableTests
{
    [Fact]
    public void Valid_entries_have_Ethernet_addresses_and_static_ones_are_known()
    {
        var network = new FakeNetwork().Entry(2, "10.0.0.11", "020000000011").Entry(3, "10.0.0.11", "020000000031")
            .Entry(2, "10.0.0.12", "020000000012", isValid: false).Entry(2, "10.0.0.13", "")
            .Entry(2, "10.0.0.14", "020000000014", isStatic: true);
        var table = NeighbourTable.Of(network.Neighbours());
        Assert.Equal([(2, "10.0.0.11", 0x11ul), (2, "10.0.0.14", 0x14ul), (3, "10.0.0.11", 0x31ul)],
            table.Macs.Select(static m => (m.Key.Interface, m.Key.Neighbour.ToString(), m.Value.Value & 0xff)).Order());
        Assert.Equal([(2, IPAddress.Parse("10.0.0.14"))], table.StaticEntries);
    }

    [Fact]
    public void First_of_two_entries_counts()
    {
        var network = new FakeNetwork().Entry(2, "10.0.0.11", "020000000011").Entry(2, "10.0.0.11", "020000000099");
        Assert.Equal(new MacAddress(0x0200_0000_0011),
            NeighbourTable.Of(network.Neighbours()).Macs[(2, IPAddress.Parse("10.0.0.11"))]);
    }

    [Fact]
    public void Empty_table_has_no_entries()
    {
        Assert.Empty(NeighbourTable.Empty.Macs);
        Assert.Empty(NeighbourTable.Empty.StaticEntries);
    }
}
