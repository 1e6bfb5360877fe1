using System.Reflection;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Abi;

/// <summary>The program and the engine agree on the memory that they share: on structures by the types of the compiled
/// program, on constants by the text of its headers.</summary>
public sealed class AbiTests
{
    /// <summary>Structures of the program that are not shared: those of kernel headers and of its own stages.</summary>
    private static readonly string[] ProgramOnlyStructures =
        ["xdp_md", "packet", "capture_scratch", "tuple", "flow_lookup", "l3_info", "packet_ctx", "range_search",
            "least_conn", "neighbour", "arp_ipv4", "icmphdr", "tcp", "ethhdr", "iphdr", "ipv6hdr", "in6_addr"];

    /// <summary>Too large for C# structures; see
    /// <see cref="Large_structures_have_the_offsets_that_the_engine_uses"/>.</summary>
    private static readonly string[] LargeStructures = ["tables", "bank", "bank6", "details"];

    private static readonly Btf Program = Btf.OfDirector();

    public static TheoryData<string> SharedStructures =>
        [.. Program.Structures.Select(static s => s.Name).Except(ProgramOnlyStructures).Except(LargeStructures)];

    [Fact]
    public void Program_and_engine_declare_the_same_structures() => Assert.Equal(
        Program.Structures.Select(static s => s.Name).Except(ProgramOnlyStructures).Except(LargeStructures)
            .Order(StringComparer.Ordinal),
        ManagedLayout.Structures.Select(static s => s.Name).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(SharedStructures))]
    public void Structure_members_have_the_same_names_offsets_and_sizes_in_program_and_engine(string name)
    {
        var theirs = Program.Structures.Single(s => s.Name == name);
        var ours = ManagedLayout.Structures.Single(s => s.Name == name);
        Assert.Equal(theirs.Members.OrderBy(static m => m.Offset), ours.Members.OrderBy(static m => m.Offset));
        Assert.Equal(theirs.Size, ours.Size);
    }

    [Theory]
    [InlineData("tables")]
    [InlineData("bank")]
    [InlineData("bank6")]
    [InlineData("details")]
    public void Large_structures_have_the_offsets_that_the_engine_uses(string name)
    {
        var theirs = Program.Structures.Single(s => s.Name == name);
        var ours = ManagedLayout.Types.Single(t => t.Name == CNames.Pascal(name));
        Assert.Equal(
            theirs.Members.ToDictionary(static m => m.Name, static m => m.Offset).Append(new("size", theirs.Size))
                .OrderBy(static m => m.Value),
            ConstantsOf(ours).Select(static n => KeyValuePair.Create(CNames.Snake(n.Key), n.Value)).OrderBy(
                static m => m.Value));
    }

    [Fact] // the engine sets it by its offset
    public void Read_only_data_is_a_single_variable() => Assert.Equal(["features"], Program.Variables(".rodata"));

    [Theory]
    [InlineData("decision", typeof(Decision))]
    [InlineData("drop_reason", typeof(DropReason))]
    [InlineData("encapsulation", typeof(Sidestep.Engine.Xdp.Layout.Encapsulation))]
    public void Enumerations_have_the_same_names_and_values_in_program_and_engine(string name, Type ours) =>
        Assert.Equal(
        CHeader.Enumerations[name]
            .Select(static e => $"{CNames.Pascal(e.Key[e.Key.IndexOf('_', StringComparison.Ordinal)..])} = {e.Value}"),
        Enum.GetValuesAsUnderlyingType(ours).Cast<object>().Select(v => $"{Enum.GetName(ours, v)} = {v}"));

    [Fact]
    public void Every_enumeration_is_compared() =>
        Assert.Equal(["decision", "drop_reason", "encapsulation"], CHeader.Enumerations.Keys);

    [Fact]
    public void Constants_have_the_same_values_in_program_and_engine()
    {
        var theirs = CHeader.Constants("tables.h")
            .Concat(CHeader.Constants("classify.h").Where(static n => n.Key is "TABLE_MULTIPLIER" or "FOLD_MULTIPLIER"))
            .Where(static n => !ProgramOnlyConstants.Contains(n.Key))
            .ToDictionary(static n => CNames.Pascal(n.Key), static n => n.Value);
        Assert.Equal(theirs.OrderBy(static n => n.Key, StringComparer.Ordinal),
            ConstantsOf(typeof(Sidestep.Engine.Xdp.Layout.Constants)).OrderBy(
                static n => n.Key, StringComparer.Ordinal));
    }

    /// <summary>Masks and shifts that follow from other constants.</summary>
    private static readonly string[] ProgramOnlyConstants = ["BLOCK_BITS", "SERVICE_HASH_MASK"];

    [Fact]
    public void Related_flag_bits_and_sizes_agree()
    {
        var n = CHeader.Constants("tables.h");
        Assert.Equal(n["VIP_ENTRIES"], 1 << (int)n["VIP_BITS"]);
        Assert.Equal(n["SERVICE_ENTRIES"], 1 << (int)n["SERVICE_BITS"]);
        Assert.Equal(n["BLOCK_SLOTS"], 1 << (int)n["BLOCK_BITS"]);
        Assert.True(n["SERVER_CAPACITY"] - 1 <= n["SLOT_SERVER_MASK"], "a slot cannot name every server");
        Assert.True(n["DROP_COUNTER_BASE"] + CHeader.Enumerations["drop_reason"].Values.Max() < n["DECISION_COUNTERS"],
            "a drop reason has no counter");
        Assert.True(CHeader.Enumerations["decision"].Values.Max() < n["DROP_COUNTER_BASE"],
            "a decision and a drop reason share a counter");
    }

    private static IEnumerable<KeyValuePair<string, long>> ConstantsOf(Type type) =>
        type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Select(static f => KeyValuePair.Create(
            f.Name, f.GetValue(null) is ulong large ? unchecked((long)large)
                : Convert.ToInt64(f.GetValue(null), null)));
}
