using System.Collections.Immutable;
using System.Net;
using Sidestep.Daemon.Multicast;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Daemon.Multicast;

public sealed class SolicitedNodeMulticastTests : IDisposable
{
    private static readonly EgressInterface Eth0 = TestDirector.Eth0, Eth1 =
        TestDirector.Eth0 with { Index = 3, Name = "eth1" };
    private readonly FakeMulticast _kernel = new();
    private readonly List<string[]> _saved = [];
    private readonly List<string> _log = [];
    private readonly List<SolicitedNodeMulticast> _opened = [];

    /// <summary>RFC 4291 section 2.7.1 and RFC 2464 section 7: the low 24 bits of the VIP behind 33:33:ff.</summary>
    [Fact]
    public void Address_of_each_VIP_is_added_and_joined_on_each_interface()
    {
        var multicast = Open();
        Update(multicast, [Eth0, Eth1], "2001:db8:113::ab:cdef");
        Assert.Equal(["add 3333ffabcdef on eth0", "add 3333ffabcdef on eth1", "join ff02::1:ffab:cdef on 2 by socket 1",
            "join ff02::1:ffab:cdef on 3 by socket 1"], _kernel.Calls.Order(StringComparer.Ordinal));
        Assert.Equal(["eth0 33:33:ff:ab:cd:ef", "eth1 33:33:ff:ab:cd:ef"], multicast.AddedMacs);
        Assert.Empty(multicast.Problems);
    }

    [Fact]
    public void VIPs_with_the_same_low_bits_share_an_address()
    {
        var multicast = Open();
        Update(multicast, [Eth0], "2001:db8:113::10", "2001:db8:114::10");
        Assert.Equal(2, _kernel.Calls.Count);
    }

    /// <summary>An address that is added but not saved would stay for ever if the daemon died in between.</summary>
    [Fact]
    public void Addresses_are_saved_before_they_are_added_and_after_a_change()
    {
        var multicast = Open();
        Update(multicast, [Eth0], "2001:db8::10");
        Assert.Equal([["eth0 33:33:ff:00:00:10"], ["eth0 33:33:ff:00:00:10"]], _saved);
        Update(multicast, [Eth0], "2001:db8::10");
        Assert.Equal(2, _saved.Count);
        Update(multicast, [Eth0], "2001:db8::11");
        Assert.Equal(["eth0 33:33:ff:00:00:10", "eth0 33:33:ff:00:00:11"], _saved[2]);
        Assert.Equal(["eth0 33:33:ff:00:00:11"], _saved[3]);
    }

    [Fact]
    public void Address_that_another_program_removes_is_added_again_and_named()
    {
        var multicast = Open();
        Assert.Empty(multicast.Restore());
        Update(multicast, [Eth0, Eth1], "2001:db8::10");
        Assert.Empty(multicast.Restore());
        _kernel.Entries.Remove(("eth1", "3333ff000010"));
        Assert.Equal(["the multicast address 33:33:ff:00:00:10 of eth1"], multicast.Restore());
        Assert.Contains(("eth1", "3333ff000010"), _kernel.Entries);
        Assert.Empty(multicast.Restore());
        multicast.Leave();
        Assert.Empty(multicast.Restore());
        Assert.Empty(_kernel.Entries);
    }

    [Fact]
    public void Address_that_exists_already_is_left_to_its_owner()
    {
        _kernel.Entries.Add(("eth0", "3333ff000010"));
        var multicast = Open();
        Update(multicast, [Eth0], "2001:db8::10");
        Assert.Empty(multicast.AddedMacs);
        multicast.Leave();
        Assert.Single(_kernel.Entries);
        Assert.Equal(["join ff02::1:ff00:10 on 2 by socket 1", "leave ff02::1:ff00:10 on 2 by socket 1"],
            _kernel.Calls);
    }

    [Fact]
    public void Address_that_another_program_adds_meanwhile_is_not_the_directors()
    {
        var multicast = new SolicitedNodeMulticast([], macs =>
            _kernel.Entries.Add(("eth0", "3333ff000010")), _log.Add, _kernel, _kernel.Open);
        _opened.Add(multicast);
        Update(multicast, [Eth0], "2001:db8::10");
        Assert.Empty(multicast.AddedMacs);
    }

    [Fact]
    public void Addresses_of_an_earlier_run_stay_or_are_removed_as_desired()
    {
        _kernel.Entries.UnionWith([("eth0", "3333ff000010"), ("eth0", "3333ff000011")]);
        var multicast = Open("eth0 33:33:ff:00:00:10", "eth0 33:33:ff:00:00:11");
        Update(multicast, [Eth0], "2001:db8::11");
        Assert.Equal([("eth0", "3333ff000011")], _kernel.Entries);
        Assert.Equal(["eth0 33:33:ff:00:00:11"], multicast.AddedMacs);
    }

    [Fact]
    public void First_update_removes_the_addresses_of_an_earlier_run_even_without_VIPs()
    {
        _kernel.Entries.Add(("eth0", "3333ff000010"));
        var multicast = Open("eth0 33:33:ff:00:00:10");
        Update(multicast, []);
        Assert.Empty(_kernel.Entries);
        Assert.Empty(multicast.AddedMacs);
    }

    [Fact]
    public void Everything_is_removed_at_the_end()
    {
        var multicast = Open();
        Update(multicast, [Eth0, Eth1], "2001:db8::10");
        multicast.Leave();
        Assert.Empty(_kernel.Entries);
        Assert.Empty(multicast.AddedMacs);
        Assert.Equal(2, _kernel.Calls.Count(static c => c.StartsWith("leave", StringComparison.Ordinal)));
        Assert.Empty(_saved[^1]);
    }

    [Fact]
    public void Refused_address_is_a_problem_that_is_logged_once_and_tried_again()
    {
        _kernel.Refuses.Add("eth0");
        var multicast = Open();
        for (var i = 0; i < 3; i++)
            Update(multicast, [Eth0], "2001:db8::10");
        var problem = Assert.Single(multicast.Problems);
        Assert.Equal([problem], _log);
        Assert.StartsWith(
            "interface 'eth0' does not accept the multicast address 33:33:ff:00:00:10: add a multicast address",
            problem, StringComparison.Ordinal);
        Assert.Empty(multicast.AddedMacs);
        _kernel.Refuses.Clear();
        Update(multicast, [Eth0], "2001:db8::10");
        Assert.Empty(multicast.Problems);
        Assert.Equal(["eth0 33:33:ff:00:00:10"], multicast.AddedMacs);
    }

    [Fact]
    public void Address_that_cannot_be_removed_stays_known()
    {
        var multicast = Open();
        Update(multicast, [Eth0], "2001:db8::10");
        _kernel.Refuses.Add("eth0");
        multicast.Leave();
        Assert.StartsWith("interface 'eth0' keeps the multicast address 33:33:ff:00:00:10, which no VIP needs: ",
            Assert.Single(multicast.Problems), StringComparison.Ordinal);
        Assert.Equal(["eth0 33:33:ff:00:00:10"], multicast.AddedMacs);
        _kernel.Refuses.Clear();
        multicast.Leave();
        Assert.Empty(multicast.AddedMacs);
        Assert.Empty(multicast.Problems);
    }

    public void Dispose()
    {
        foreach (var multicast in _opened)
            multicast.Dispose();
        Assert.Equal(0, _kernel.OpenSockets);
    }

    private SolicitedNodeMulticast Open(params ImmutableArray<string> earlier)
    {
        var multicast = new SolicitedNodeMulticast(earlier, macs =>
            _saved.Add([.. macs]), _log.Add, _kernel, _kernel.Open);
        _opened.Add(multicast);
        return multicast;
    }

    private static void Update(SolicitedNodeMulticast multicast, EgressInterface[] interfaces, params string[] vips) =>
        multicast.Update(interfaces, vips.Select(IPAddress.Parse));
}
