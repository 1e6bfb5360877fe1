using System.Net;
using Sidestep.Daemon.Multicast;

namespace Sidestep.UnitTests.Daemon.Multicast;

public sealed class MulticastMembershipTests : IDisposable
{
    private readonly FakeMulticast _kernel = new();
    private readonly MulticastMembership _membership;
    private readonly List<string> _problems = [];

    public MulticastMembershipTests() => _membership = new MulticastMembership(_kernel.Open);

    [Fact]
    public void Addresses_are_joined_and_left_as_desired()
    {
        Update(1, 2);
        Assert.Equal(["join ff02::1:ff00:1 on 2 by socket 1", "join ff02::1:ff00:2 on 2 by socket 1"], _kernel.Calls);
        Update(2, 3);
        Assert.Equal(["leave ff02::1:ff00:1 on 2 by socket 1", "join ff02::1:ff00:3 on 2 by socket 1"],
            _kernel.Calls[2..]);
        Update(2, 3);
        Assert.Equal(4, _kernel.Calls.Count);
        Assert.Empty(_problems);
    }

    [Fact]
    public void Socket_has_a_hundred_memberships_and_free_places_are_used_again()
    {
        Update([.. Enumerable.Range(1, 250)]);
        Assert.Equal(3, _kernel.Sockets);
        Update([.. Enumerable.Range(2, 249), 1000]);
        Assert.Equal(3, _kernel.Sockets);
        Assert.Equal("join ff02::1:ff00:3e8 on 2 by socket 1", _kernel.Calls[^1]);
        Update([.. Enumerable.Range(2, 299), 1000]);
        Assert.Equal(3, _kernel.Sockets);
        Update([.. Enumerable.Range(2, 300), 1000]);
        Assert.Equal(4, _kernel.Sockets);
    }

    [Fact]
    public void Refusal_is_a_problem_and_is_tried_again()
    {
        _kernel.RefusedMembers.Add(2);
        Update(1);
        Assert.StartsWith("not a member of ff02::1:ff00:1 on interface 2: ", Assert.Single(_problems),
            StringComparison.Ordinal);
        Assert.EndsWith("A switch with MLD snooping may drop neighbour solicitations for VIPs to the director",
            _problems[0], StringComparison.Ordinal);
        _kernel.RefusedMembers.Clear();
        Update(1);
        Assert.Equal(["join ff02::1:ff00:1 on 2 by socket 1"], _kernel.Calls);
    }

    [Fact]
    public void Membership_of_a_deleted_interface_is_removed()
    {
        Update(1);
        _kernel.RefusedMembers.Add(2);
        Update();
        _kernel.RefusedMembers.Clear();
        Update(1);
        Assert.Equal(2, _kernel.Calls.Count(static c => c.StartsWith("join", StringComparison.Ordinal)));
        Assert.Empty(_problems);
    }

    [Fact]
    public void Sockets_are_closed_at_the_end()
    {
        Update([.. Enumerable.Range(1, 101)]);
        Assert.Equal(2, _kernel.OpenSockets);
        _membership.Dispose();
        Assert.Equal(0, _kernel.OpenSockets);
    }

    public void Dispose() => _membership.Dispose();

    private void Update(params int[] addresses) =>
        _membership.Update(addresses.Select(static a => (2, IPAddress.Parse($"ff02::1:ff00:{a:x}"))).ToHashSet(),
        _problems);
}
