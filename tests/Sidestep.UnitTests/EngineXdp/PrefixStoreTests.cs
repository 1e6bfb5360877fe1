using System.Net;
using FsCheck.Fluent;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Sets of prefixes, in a trie that matches the longest prefix as the kernel does.</summary>
public sealed class PrefixStoreTests
{
    private readonly Trie _trie = new();

    [Theory]
    [InlineData("10.0.0.0/8", 104 + 32, "00000000000000000000ffff0a000000", 6)]
    [InlineData("0.0.0.0/0", 96 + 32, "00000000000000000000ffff00000000", 6)]
    [InlineData("192.0.2.1/32", 128 + 32, "00000000000000000000ffffc0000201", 6)]
    [InlineData("2001:db8::/32", 32 + 32, "20010db8000000000000000000000000", 7)]
    [InlineData("::/0", 32, "00000000000000000000000000000000", 7)]
    public void IPv4_is_mapped_in_the_even_set_and_IPv6_is_in_the_odd_one(
        string prefix, int length, string address, int set)
    {
        var key = PrefixStore.KeyOf(6, IPNetwork.Parse(prefix));
        Assert.Equal(((uint)length, (uint)set, address), (key.Length, key.Set, Convert.ToHexStringLower(key.Address)));
    }

    [Fact]
    public void List_that_allows_denies_every_other_address()
    {
        var set = new PrefixStore(_trie).SetOf(new AccessList { Name = "a", Allow = [IPNetwork.Parse("10.0.0.0/8")] });
        Assert.Equal(1u, _trie.Find(set, "10.1.2.3"));
        Assert.Equal(0u, _trie.Find(set, "11.1.2.3"));
        Assert.Equal(0u, _trie.Find(set, "2001:db8::1"));
    }

    [Fact]
    public void List_that_only_denies_allows_every_other_address()
    {
        var set = new PrefixStore(_trie)
            .SetOf(new AccessList { Name = "a", Deny = [IPNetwork.Parse("2001:db8::/32")] });
        Assert.Equal(0u, _trie.Find(set, "2001:db8::1"));
        Assert.Equal(1u, _trie.Find(set, "2001:db9::1"));
        Assert.Equal(1u, _trie.Find(set, "10.1.2.3"));
    }

    [Fact]
    public void Longer_prefix_of_a_list_wins()
    {
        var set = new PrefixStore(_trie).SetOf(new AccessList
        {
            Name = "a",
            Allow = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("10.1.2.0/24")],
            Deny = [IPNetwork.Parse("10.1.0.0/16")],
        });
        Assert.Equal([1u, 0u, 1u], new[] { "10.2.0.1", "10.1.0.1", "10.1.2.1" }.Select(a => _trie.Find(set, a)));
    }

    [Fact]
    public void Set_of_a_known_list_is_reused_and_others_are_new()
    {
        var store = new PrefixStore(_trie);
        var (one, equal) = (new AccessList { Name = "a" }, new AccessList { Name = "a" });
        var set = store.SetOf(one);
        Assert.Equal(set, store.SetOf(one));
        Assert.NotEqual(set, store.SetOf(equal));
        Assert.Equal(0u, set & 1);
        Assert.NotEqual(0u, set);
    }

    [Fact]
    public void VIP_prefixes_lead_to_the_ids_of_their_VIPs()
    {
        var set = new PrefixStore(_trie)
            .SetOf([(IPNetwork.Parse("203.0.113.0/24"), 5), (IPNetwork.Parse("203.0.113.128/25"), 9)]);
        Assert.Equal((5u, 9u), (_trie.Find(set, "203.0.113.1"), _trie.Find(set, "203.0.113.200")));
        Assert.Null(_trie.Find(set, "203.0.114.1"));
    }

    [Fact]
    public void Unchanged_VIP_prefixes_keep_their_set_and_changed_ones_get_another()
    {
        var store = new PrefixStore(_trie);
        var (one, two) = (IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("198.51.100.0/24"));
        var first = store.SetOf([(one, 1)]);
        Assert.Equal(first, store.SetOf([(one, 1)]));
        Assert.NotEqual(first, store.SetOf([(one, 2)]));
        Assert.NotEqual(first, store.SetOf([(one, 1), (two, 2)]));
        Assert.Equal(0u, store.SetOf([]));
    }

    [Fact]
    public void Unused_sets_are_deleted_with_all_their_keys()
    {
        var store = new PrefixStore(_trie);
        var list = new AccessList { Name = "a", Allow = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("::/0")] };
        var (retained, vips) = (
            store.SetOf(new AccessList { Name = "b" }), store.SetOf([(IPNetwork.Parse("203.0.113.0/24"), 1)]));
        var set = store.SetOf(list);
        store.RetainOnly(new HashSet<uint> { retained });
        Assert.Equal([retained], _trie.Sets);
        // Both are written again, because their sets are gone.
        Assert.NotEqual(set, store.SetOf(list));
        Assert.NotEqual(vips, store.SetOf([(IPNetwork.Parse("203.0.113.0/24"), 1)]));
        Assert.Equal(1u, _trie.Find(store.SetOf(list), "10.1.1.1"));
    }

    [Fact]
    public void Sets_of_an_earlier_process_are_not_reused_and_go_at_the_first_change()
    {
        var left = new PrefixStore(_trie).SetOf(new AccessList { Name = "a", Deny = [IPNetwork.Parse("::/0")] });
        var store = new PrefixStore(_trie);
        var set = store.SetOf(new AccessList { Name = "a" });
        Assert.True(set > left);
        Assert.Equal([left, set], _trie.Sets.Order());
        store.RetainOnly(new HashSet<uint> { set });
        Assert.Equal([set], _trie.Sets);
    }

    /// <summary>Against a search of all prefixes for the longest that contains the address.</summary>
    [Fact]
    public void Longest_prefix_decides_for_any_list_and_address() => Gens.Check(
        from entries in Gen.ListOf(Gens.UInt32.Zip(Gen.Choose(1, 32)).Zip(Gen.Elements(true, false)), 6)
        from source in Gens.UInt32
        from isClose in Gen.Elements(true, false)
        select (Entries: entries.DistinctBy(static e => Prefix(e.Item1.Item1, e.Item1.Item2)).ToArray(), Source: source,
            IsClose: isClose),
        static test =>
        {
            var trie = new Trie();
            // Half of the addresses differ from a prefix only in the last bits.
            var source = test.IsClose && test.Entries.Length > 0
                ? test.Entries[0].Item1.Item1 ^ test.Source >> 20
                : test.Source;
            var prefixes = test.Entries.Select(
                static e => (Prefix: Prefix(e.Item1.Item1, e.Item1.Item2), Allows: e.Item2)).ToArray();
            var set = new PrefixStore(trie).SetOf(new AccessList
            {
                Name = "a",
                Allow = [.. prefixes.Where(static p => p.Allows).Select(static p => p.Prefix)],
                Deny = [.. prefixes.Where(static p => !p.Allows).Select(static p => p.Prefix)],
            });
            var address = new Sidestep.Packets.Ipv4Address(source).ToIPAddress();
            var longest = prefixes.Where(p => p.Prefix.Contains(address))
                .OrderByDescending(static p => p.Prefix.PrefixLength)
                .Select(static p => (bool?)p.Allows).FirstOrDefault();
            var expected = longest ?? !prefixes.Any(static p => p.Allows);
            return trie.Find(set, address.ToString()) == (expected ? 1u : 0u);
        });

    private static IPNetwork Prefix(uint address, int length) =>
        new(new Sidestep.Packets.Ipv4Address(address & ~0u << 32 - length).ToIPAddress(), length);

    /// <summary>The kernel's LPM trie, as a list.</summary>
    private sealed class Trie : IPrefixTrie
    {
        private readonly Dictionary<string, (PrefixKey Key, uint Value)> _entries = [];

        public IEnumerable<uint> Sets => _entries.Values.Select(static e => e.Key.Set & ~1u).Distinct();

        public IReadOnlyList<PrefixKey> Keys() => [.. _entries.Values.Select(static e => e.Key)];

        public void Update(PrefixKey key, uint value) => _entries[NameOf(key)] = (key, value);

        public void Delete(PrefixKey key) => _entries.Remove(NameOf(key));

        /// <summary>The lookup of is_allowed of src/bpf/classify.h: IPv4 as ::ffff:a.b.c.d in the even set.</summary>
        public uint? Find(uint set, string address)
        {
            var parsed = IPAddress.Parse(address);
            var isIpv6 = parsed.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
            var bits = Bits(isIpv6 ? set | 1 : set, parsed.MapToIPv6().GetAddressBytes());
            return _entries.Values.Where(
                e => bits.StartsWith(Bits(e.Key.Set, e.Key.Address)[..(int)e.Key.Length], StringComparison.Ordinal))
                .OrderByDescending(static e => e.Key.Length).Select(static e => (uint?)e.Value).FirstOrDefault();
        }

        private static string Bits(uint set, ReadOnlySpan<byte> address) =>
            $"{set:b32}{string.Concat(address.ToArray().Select(static b => $"{b:b8}"))}";

        private static string NameOf(PrefixKey key) => $"{key.Length} {key.Set} {Convert.ToHexString(key.Address)}";
    }
}
