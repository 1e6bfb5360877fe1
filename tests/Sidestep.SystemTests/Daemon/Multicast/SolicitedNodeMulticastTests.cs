using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.Multicast;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.SystemTests.Daemon.Multicast;

/// <summary>The solicited-node multicast addresses of VIPs, as <c>ip maddress</c> and the kernel's tables show
/// them.</summary>
public sealed class SolicitedNodeMulticastTests : IDisposable
{
    private const string Vip = "2001:db8::10", MulticastMac = "33:33:ff:00:00:10", MulticastAddress =
        "ff0200000000000000000001ff000010";
    private readonly PointToPointLink _link = new(["2001:db8:9::2/64"], ["2001:db8:9::1/64"]);
    private readonly List<string> _log = [];
    private ImmutableArray<string> _saved = [];

    public void Dispose() => _link.Dispose();

    [Fact]
    public void A_multicast_address_is_joined_and_left_with_its_VIP()
    {
        using var memberships = Open();
        Follow(memberships, Vip, "2001:db8:1::ff:10:11");
        Assert.True(HasStaticEntry(MulticastMac));
        Assert.True(HasStaticEntry("33:33:ff:10:00:11"));
        Assert.True(IsMember());
        Assert.Equal(["eth0 33:33:ff:00:00:10", "eth0 33:33:ff:10:00:11"], memberships.AddedMacs);
        Assert.Equal(memberships.AddedMacs, _saved);

        Follow(memberships, Vip);
        Assert.True(HasStaticEntry(MulticastMac));
        Assert.False(HasStaticEntry("33:33:ff:10:00:11"));

        RunOnDirector(memberships.Leave);
        Assert.False(HasStaticEntry(MulticastMac));
        Assert.False(IsMember());
        Assert.Empty(_saved);
        Assert.Empty(_log);
    }

    /// <summary>The membership belongs to a socket and ends with the process. The entry stays, as the XDP program
    /// does.</summary>
    [Fact]
    public void A_multicast_entry_outlives_its_process_and_the_next_process_can_remove_it()
    {
        using (var first = Open())
            Follow(first, Vip);
        Assert.True(HasStaticEntry(MulticastMac));
        Assert.False(IsMember());

        using var second = Open();
        Follow(second, Vip);
        Assert.True(HasStaticEntry(MulticastMac));
        Assert.True(IsMember());
        Follow(second);
        Assert.False(HasStaticEntry(MulticastMac));
        Assert.False(IsMember());
    }

    [Fact]
    public void The_next_process_removes_the_entry_of_a_VIP_removed_in_between()
    {
        using (var first = Open())
            Follow(first, Vip);
        using var second = Open();
        Follow(second);
        Assert.False(HasStaticEntry(MulticastMac));
        Assert.Empty(_saved);
    }

    [Fact]
    public void VIPs_with_the_same_solicited_node_address_share_its_entry()
    {
        using var memberships = Open();
        Follow(memberships, Vip, "2001:db8:5::10");
        Assert.Single(memberships.AddedMacs);
        Follow(memberships, "2001:db8:5::10");
        Assert.True(HasStaticEntry(MulticastMac));
    }

    [Fact]
    public void An_entry_made_by_another_program_is_not_removed()
    {
        _link.Director.Ip($"maddress add {MulticastMac} dev eth0");
        using var memberships = Open();
        Follow(memberships, Vip);
        Assert.Empty(memberships.AddedMacs);
        RunOnDirector(memberships.Leave);
        Assert.True(HasStaticEntry(MulticastMac));
    }

    [Fact]
    public void A_recreated_interface_joins_its_multicast_addresses_again()
    {
        using var memberships = Open();
        Follow(memberships, Vip);
        _link.Director.Ip("link delete eth0");
        Follow(memberships);
        Shell.Run("ip", "link", "add", "eth0", "netns", _link.Director.Name, "type", "veth", "peer", "name", "eth0",
            "netns", _link.Other.Name);
        _link.Director.Ip("link set eth0 up");
        Follow(memberships, Vip);
        Assert.True(HasStaticEntry(MulticastMac));
        Assert.True(IsMember());
    }

    [Fact]
    public void A_failure_is_logged_once_and_stays_visible()
    {
        using var memberships = Open();
        var missing = new EgressInterface(4711, "gone0", default, null, 1500);
        for (var i = 0; i < 2; i++)
            RunOnDirector(() => memberships.Update([missing], [IPAddress.Parse(Vip)]));
        Assert.Equal(2, memberships.Problems.Length);
        Assert.Equal(memberships.Problems, _log);
        Assert.Contains("'gone0' does not accept the multicast address 33:33:ff:00:00:10", memberships.Problems[0],
            StringComparison.Ordinal);
        Assert.Empty(memberships.AddedMacs);
    }

    /// <summary>A veth has no address filter, so that the frame always comes in. The test shows that the solicitation
    /// arrives at the interface while no host has the VIP.</summary>
    [Fact]
    public void A_solicitation_for_the_VIP_arrives_at_the_directors_interface()
    {
        using var memberships = Open();
        Follow(memberships, Vip);
        using var wire = RawSocket.Open(_link.Director, "eth0");
        _link.Other.Ip($"-6 route add {Vip}/128 dev eth0");
        _link.Other.Try("ping", "-6", "-c", "1", "-W", "1", Vip);
        byte[] group = [0x33, 0x33, 0xff, 0, 0, 0x10];
        wire.ReceiveUntil(f => f.AsSpan(0, 6).SequenceEqual(group) && f[20] == 58 && f[54] == 135);
    }

    private SolicitedNodeMulticast Open() => new(_saved, s => _saved = s, _log.Add,
        new KernelMulticastMacs(), static () => new MembershipSocket());

    private void Follow(SolicitedNodeMulticast memberships, params string[] vips) => RunOnDirector(() =>
    {
        var index = Kernel.InterfaceIndex("eth0");
        memberships.Update(index is { } i ? [new EgressInterface(i, "eth0", new MacAddress(1), null, 1500)] : [], vips
            .Select(IPAddress.Parse));
    });

    private void RunOnDirector(Action action) => _link.Director.Inside(() =>
    {
        action();
        return true;
    });

    /// <summary>Whether an entry was added by a program, which <c>ip</c> calls static.</summary>
    private bool HasStaticEntry(string group) => _link.Director.Ip("maddress show dev eth0").Split('\n')
        .Any(l => l.Contains(group, StringComparison.Ordinal) && l.Contains("static", StringComparison.Ordinal));

    private bool IsMember() => _link.Director.Run("cat", "/proc/net/igmp6").Split('\n')
        .Any(static l => l.Contains("eth0", StringComparison.Ordinal)
        && l.Contains(MulticastAddress, StringComparison.Ordinal));
}
