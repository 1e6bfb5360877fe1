using System.Net;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding.Lowering;

public sealed class IdMapTests
{
    private readonly IdMap _ids = new(services: 4, servers: 4);

    [Fact]
    public void IDs_are_stable_while_their_server_is_in_the_tables()
    {
        Apply(Tables(Group("a", 1, 2)));
        var before = _ids.PersistedIds.Servers;
        Apply(Tables(Group("a", 1, 2), Group("b", 3)));
        Assert.Equal(before.OrderBy(static s => s.Value),
            _ids.PersistedIds.Servers.Where(s => before.ContainsKey(s.Key)).OrderBy(static s => s.Value));
    }

    [Fact]
    public void Servers_that_leave_are_released_once_the_tables_are_in_force()
    {
        Apply(Tables(Group("a", 1, 2)));
        var change = _ids.Allocate(Tables(Group("a", 2)));
        Assert.Equal(["s1"], change.LeavingServers.Select(static s => s.Name));
        Assert.Equal(2, _ids.Servers.Keys.Count);
        Assert.Single(_ids.Release(change).Servers);
        Assert.Equal(["s2"], _ids.Servers.Keys.Select(static s => s.Name));
    }

    /// <summary>Only groups that changed are searched, so a group that leaves as a whole must be found.</summary>
    [Fact]
    public void Servers_of_a_group_that_leaves_are_released()
    {
        var stays = Group("a", 1);
        Apply(Tables(stays, Group("b", 2, 3)));
        Assert.Equal(2, Apply(Tables(stays)).Servers.Count);
        Assert.Equal(["s1"], _ids.Servers.Keys.Select(static s => s.Name));
    }

    /// <summary>A change that was never in force has allocated IDs, which the next one must release.</summary>
    [Fact]
    public void IDs_of_a_failed_change_are_released_by_the_next_one()
    {
        var stays = Group("a", 1);
        Apply(Tables(stays));
        _ids.Allocate(Tables(stays, Group("b", 2, 3)));
        Apply(Tables(stays));
        Assert.Equal(["s1"], _ids.Servers.Keys.Select(static s => s.Name));
        Apply(Tables(stays, Group("c", 4, 5, 6)));
        Assert.Equal(4, _ids.Servers.Keys.Count);
    }

    [Fact]
    public void IDs_of_an_earlier_process_stay()
    {
        var group = Group("a", 1, 2);
        var persisted = new PersistedIds(new Dictionary<ServiceKey, int> { [ServiceKey.InDefault("www")] = 3 },
            group.Servers.Select((s, i) => (IdMap.KeyOf(group, s), 4 - i)).ToDictionary());
        var ids = new IdMap(services: 4, servers: 4, persisted);
        ids.Release(ids.Allocate(Tables(group)));
        Assert.Equal([4, 3], ids.IdsOf(group));
        Assert.Equal(4, ids.MaxServerId);
    }

    [Fact]
    public void Inline_IDs_are_allocated_first()
    {
        var ids = new IdMap(services: 1, servers: 6, inlineServers: 3);
        var group = Group("a", 1, 2, 3);
        ids.Release(ids.Allocate(Tables(group)));
        Assert.Equal([1, 2, 3], ids.IdsOf(group).Order());
    }

    [Fact]
    public void Group_of_a_service_takes_over_the_IDs_of_the_group_that_it_shared()
    {
        var shared = Group("a", 1, 2);
        Apply(With([Old.Name], shared));
        var before = _ids.IdsOf(shared);
        var (added, known) = (Of("added", 1, 2), Of(Old.Name, 1, 2));
        var change = _ids.Allocate(With(["added", Old.Name], added, known));
        Assert.Equal(before, _ids.IdsOf(known));
        Assert.Equal([3, 4], _ids.IdsOf(added).Order());
        Assert.Empty(_ids.Release(change).Servers);
        // And back: the group of all services takes those of one, the others are free again.
        var released = _ids.Release(_ids.Allocate(With(["added", Old.Name], shared)));
        Assert.Equal(2, released.Servers.Count);
        Assert.Equal(2, _ids.Servers.Keys.Count);
    }

    [Fact]
    public void IDs_return_to_their_group_when_the_change_is_not_applied()
    {
        var shared = Group("a", 1, 2);
        Apply(With([Old.Name], shared));
        var before = _ids.IdsOf(shared);
        _ids.Allocate(With([Old.Name], Of(Old.Name, 1, 2)));
        _ids.Release(_ids.Allocate(With([Old.Name], shared)));
        Assert.Equal(before, _ids.IdsOf(shared));
        Assert.Equal(2, _ids.Servers.Keys.Count);
    }

    [Fact]
    public void Another_encapsulation_or_address_takes_no_IDs_over()
    {
        Apply(Tables(Group("a", 1)));
        var other = Of("s", 1) with { Key = new GroupKey(PoolKey.InDefault("a"), new Encap(ForwardingMode.IpIp, 0)) };
        var released = Apply(Tables(other));
        Assert.Single(released.Servers);
        Assert.Single(Apply(Tables(Group("a", 2))).Servers);
    }

    private static readonly ServiceKey Old = ServiceKey.InDefault("old");

    private static ServerGroup Of(string service, params byte[] servers) => Group("a", servers) is var group
        ? group with { Key = group.Key with { Service = ServiceKey.InDefault(service) } } : group;

    private static ForwardingTables With(string[] services, params ServerGroup[] groups) => Tables(groups) with
    {
        Services =
        [
            .. services.Select(static s => new ServiceEntry
            {
                Key = ServiceKey.InDefault(s),
                Vips = [],
                Protocol = TransportProtocol.Tcp,
                Ports = [],
                Group = default,
            }),
        ],
    };

    private ReleasedIds Apply(ForwardingTables tables) => _ids.Release(_ids.Allocate(tables));

    private static ServerGroup Group(string pool, params byte[] servers) => new(
        new GroupKey(PoolKey.InDefault(pool), Encap.Layer2),
        [.. servers.Select(static n => new ServerEntry($"s{n}", new IPAddress([10, 0, 0, n]), 1, null))],
        SlotTable.FromSlots([], []));

    private static ForwardingTables Tables(params ServerGroup[] groups) => new()
    {
        HashKey = new HashKey(1, 2),
        Interfaces = [],
        Vips = [],
        Services = [],
        Groups = [.. groups],
    };
}
