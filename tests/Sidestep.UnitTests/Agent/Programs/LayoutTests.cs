using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Sidestep.Agent.Programs;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Agent.Programs;

/// <summary>The C# mirror of src/bpf/agent/maps.h, byte by byte.</summary>
public sealed partial class LayoutTests
{
    private static readonly string Header = File.ReadAllText(Repository.File("src/bpf/agent/maps.h"));

    /// <summary>struct address: __u32 family, then four __be32 words.</summary>
    [Theory]
    [InlineData("203.0.113.10", "04000000" + "CB00710A" + "000000000000000000000000")]
    [InlineData("2001:db8:113::10", "06000000" + "20010DB8011300000000000000000010")]
    [InlineData("::ffff:203.0.113.10", "06000000" + "00000000000000000000FFFFCB00710A")]
    public void An_address_has_its_family_in_front(string text, string expected)
    {
        var key = AddressKey.Of(IPAddress.Parse(text));
        Assert.Equal(expected, Hex(key));
        Assert.Equal(text, key.ToAddress().ToString());
    }

    /// <summary>struct prefix: the bits to compare, which include the 32 of the family.</summary>
    [Theory]
    [InlineData("203.0.113.10/32", "40000000" + "04000000CB00710A000000000000000000000000")]
    [InlineData("198.18.0.0/15", "2F000000" + "04000000C6120000000000000000000000000000")]
    [InlineData("0.0.0.0/0", "20000000" + "0400000000000000000000000000000000000000")]
    [InlineData("2001:db8:5::/64", "60000000" + "0600000020010DB8000500000000000000000000")]
    [InlineData("2001:db8::1/128", "A0000000" + "0600000020010DB8000000000000000000000001")]
    public void A_prefix_counts_the_bits_of_the_family(string text, string expected)
    {
        var key = PrefixKey.Of(IPNetwork.Parse(text));
        Assert.Equal(expected, Hex(key));
        Assert.Equal(IPNetwork.Parse(text), key.ToNetwork());
    }

    [Fact]
    public void Settings_have_flags_in_host_and_ports_in_network_byte_order()
    {
        var value = AgentMaps.SettingsOf(EncapsulationFlags.IpIp | EncapsulationFlags.Gue, [6090, 6080]);
        Assert.Equal("05000000" + "17C0" + "17CA" + "000000000000000000000000", Hex(value));
    }

    [Fact]
    public void Values_of_a_VIP_and_its_counters_have_the_order_of_the_header()
    {
        Assert.Equal("07000000" + "A0050000", Hex(new VipValue { Index = 7, Mss = 1440 }));
        Assert.Equal("0100000000000000" + "0200000000000000" + "0300000000000000",
            Hex(new VipCounters { Syn = 1, SynAck = 2, Reset = 3 }));
        Assert.Matches(@"struct vip \{\s*__u32 index;[^}]*__u32 mss;", Header);
        Assert.Matches(@"struct vip_counters \{\s*__u64 syn;[^}]*__u64 syn_ack;[^}]*__u64 reset;", Header);
    }

    [Fact]
    public void Counters_have_the_names_and_the_order_of_the_header()
    {
        var names = CounterName().Matches(Header)
            .Select(static m => m.Groups[1].Value.Replace("_", "", StringComparison.Ordinal));
        Assert.Equal(names, Enum.GetNames<PacketCounter>().Select(static n => n.ToUpperInvariant()));
        Assert.Contains($"__u64 count[{Unsafe.SizeOf<AgentMaps.CounterValues>() / sizeof(ulong)}];", Header,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Encapsulations_and_limits_have_the_values_of_the_header()
    {
        Assert.Contains("enum kind { KIND_IPIP = 1, KIND_GRE = 2, KIND_GUE = 4 };", Header, StringComparison.Ordinal);
        Assert.Equal((1u, 2u, 4u),
            ((uint)EncapsulationFlags.IpIp, (uint)EncapsulationFlags.Gre, (uint)EncapsulationFlags.Gue));
        Assert.Matches($@"#define GUE_PORTS\s+{SettingsValue.Ports}\n", Header);
    }

    [Fact]
    public void Every_map_of_the_header_is_known() =>
        Assert.Equal(MapName().Matches(Header).Select(static m => m.Groups[1].Value).Order(StringComparer.Ordinal),
            AgentMaps.Names.Order(StringComparer.Ordinal));

    private static string Hex<T>(T value) where T : unmanaged =>
        Convert.ToHexString(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    [GeneratedRegex(@"(?m)^\tCOUNTER_([A-Z_]+),")]
    private static partial Regex CounterName();

    [GeneratedRegex(@"\} (\w+) SEC\("".maps""\)")]
    private static partial Regex MapName();
}
