using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.Groups;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Packets;
using Sidestep.SystemTests.Agent;
using Sidestep.SystemTests.NextHops;

namespace Sidestep.SystemTests.Groups;

/// <summary>The groups that neighbour solicitations for VIPs are sent to, as <c>ip maddress</c> and the kernel's tables show them.</summary>
public sealed class SolicitedNodeGroupsTests : IDisposable
{
    private const string Vip = "2001:db8::10", Group = "33:33:ff:00:00:10", Membership = "ff0200000000000000000001ff000010";
    private readonly Link _link = new(["2001:db8:9::2/64"], ["2001:db8:9::1/64"]);
    private readonly List<string> _said = [];
    private ImmutableArray<string> _saved = [];

    public void Dispose() => _link.Dispose();

    [Fact]
    public void A_group_is_joined_with_the_VIP_and_left_with_it()
    {
        using var groups = Open();
        Follow(groups, Vip, "2001:db8:1::ff:10:11");
        Assert.True(IsEntered(Group));
        Assert.True(IsEntered("33:33:ff:10:00:11"));
        Assert.True(IsMember());
        Assert.Equal(["eth0 33:33:ff:00:00:10", "eth0 33:33:ff:10:00:11"], groups.Entered);
        Assert.Equal(groups.Entered, _saved);

        Follow(groups, Vip);
        Assert.True(IsEntered(Group));
        Assert.False(IsEntered("33:33:ff:10:00:11"));

        Inside(groups.Leave);
        Assert.False(IsEntered(Group));
        Assert.False(IsMember());
        Assert.Empty(_saved);
        Assert.Empty(_said);
    }

    /// <summary>The membership is a socket's, and goes with the process; the entry stays, as the program does.</summary>
    [Fact]
    public void What_was_entered_outlives_the_process_and_the_next_one_takes_it_back()
    {
        using (var first = Open())
            Follow(first, Vip);
        Assert.True(IsEntered(Group));
        Assert.False(IsMember());

        using var second = Open();
        Follow(second, Vip);
        Assert.True(IsEntered(Group));
        Assert.True(IsMember());
        Follow(second);
        Assert.False(IsEntered(Group));
        Assert.False(IsMember());
    }

    [Fact]
    public void A_VIP_that_went_while_no_process_ran_is_taken_back_by_the_next_one()
    {
        using (var first = Open())
            Follow(first, Vip);
        using var second = Open();
        Follow(second);
        Assert.False(IsEntered(Group));
        Assert.Empty(_saved);
    }

    [Fact]
    public void VIPs_that_share_a_group_share_its_entry()
    {
        using var groups = Open();
        Follow(groups, Vip, "2001:db8:5::10");
        Assert.Single(groups.Entered);
        Follow(groups, "2001:db8:5::10");
        Assert.True(IsEntered(Group));
    }

    [Fact]
    public void What_somebody_else_entered_is_not_taken_back()
    {
        _link.Director.Ip($"maddress add {Group} dev eth0");
        using var groups = Open();
        Follow(groups, Vip);
        Assert.Empty(groups.Entered);
        Inside(groups.Leave);
        Assert.True(IsEntered(Group));
    }

    [Fact]
    public void An_interface_that_is_made_anew_is_joined_again()
    {
        using var groups = Open();
        Follow(groups, Vip);
        _link.Director.Ip("link delete eth0");
        Follow(groups);
        Shell.Run("ip", "link", "add", "eth0", "netns", _link.Director.Name, "type", "veth", "peer", "name", "eth0", "netns", _link.Other.Name);
        _link.Director.Ip("link set eth0 up");
        Follow(groups, Vip);
        Assert.True(IsEntered(Group));
        Assert.True(IsMember());
    }

    [Fact]
    public void A_failure_is_told_once_and_stays_visible()
    {
        using var groups = Open();
        var gone = new EgressInterface(4711, "gone0", default, null, 1500);
        for (var i = 0; i < 2; i++)
            Inside(() => groups.Follow([gone], [IPAddress.Parse(Vip)]));
        Assert.Equal(2, groups.Problems.Length);
        Assert.Equal(groups.Problems, _said);
        Assert.Contains("'gone0' does not take the group 33:33:ff:00:00:10", groups.Problems[0], StringComparison.Ordinal);
        Assert.Empty(groups.Entered);
    }

    /// <summary>A card between a cable and its filter is what veth is not: the frame's way in is open either way. What is shown
    /// is that the question arrives at the interface while nobody has the VIP.</summary>
    [Fact]
    public void A_solicitation_for_the_VIP_arrives_at_the_directors_interface()
    {
        using var groups = Open();
        Follow(groups, Vip);
        using var wire = Wire.Open(_link.Director, "eth0");
        _link.Other.Ip($"-6 route add {Vip}/128 dev eth0");
        _link.Other.Try("ping", "-6", "-c", "1", "-W", "1", Vip);
        byte[] group = [0x33, 0x33, 0xff, 0, 0, 0x10];
        wire.Until(f => f.AsSpan(0, 6).SequenceEqual(group) && f[20] == 58 && f[54] == 135);
    }

    private SolicitedNodeGroups Open() => new(_saved, s => _saved = s, _said.Add);

    private void Follow(SolicitedNodeGroups groups, params string[] vips) => Inside(() =>
    {
        var index = Kernel.InterfaceIndex("eth0");
        groups.Follow(index is { } i ? [new EgressInterface(i, "eth0", new MacAddress(1), null, 1500)] : [], vips.Select(IPAddress.Parse));
    });

    private void Inside(Action action) => _link.Director.Inside(() =>
    {
        action();
        return true;
    });

    /// <summary>By hand, which <c>ip</c> calls static.</summary>
    private bool IsEntered(string group) => _link.Director.Ip("maddress show dev eth0").Split('\n')
        .Any(l => l.Contains(group, StringComparison.Ordinal) && l.Contains("static", StringComparison.Ordinal));

    private bool IsMember() => _link.Director.Run("cat", "/proc/net/igmp6").Split('\n')
        .Any(static l => l.Contains("eth0", StringComparison.Ordinal) && l.Contains(Membership, StringComparison.Ordinal));
}
