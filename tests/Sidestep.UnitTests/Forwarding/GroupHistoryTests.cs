using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Which earlier group a group continues.</summary>
public sealed class GroupHistoryTests
{
    [Theory]
    [InlineData("a", "a b", "a b", "a")]
    [InlineData("a", "-", "a b", "-")] // The services shared a group.
    [InlineData("-", "a b", "-", "a")]
    [InlineData("b", "a", "a b", null)] // A new service.
    [InlineData("b", "a", "b", "a")] // Renamed.
    [InlineData("a", "a/ipip", "a", "a/ipip")]
    [InlineData("-", "-/ipip", "-", "-/ipip")]
    [InlineData("-", "-/ipip", "- -/ipip", "-/ipip")]
    [InlineData("a", "", "a", null)]
    public void Predecessor_has_the_key_or_left_its_place(string key, string before, string after, string? expected)
    {
        var history = new GroupHistory(
            [.. Keys(before).Select(static k => new ServerGroup(k, [], SlotTable.FromSlots([], [])))],
            Keys(after).ToHashSet().Contains);
        Assert.Equal(expected is null ? null : KeyOf(expected), history.Predecessor(KeyOf(key))?.Key);
        Assert.Equal(before.Length == 0 ? null : KeyOf(expected ?? before.Split(' ')[0]),
            history.PredecessorOrSibling(KeyOf(key))?.Key);
    }

    private static IEnumerable<GroupKey> Keys(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(KeyOf);

    /// <param name="text">A service, or - for the group of all, and the encapsulation if it is not layer 2.</param>
    private static GroupKey KeyOf(string text) => new(PoolKey.InDefault("web"),
        text.EndsWith("/ipip", StringComparison.Ordinal) ? new Encap(ForwardingMode.IpIp, 0) : Encap.Layer2,
        text[0] == '-' ? null : ServiceKey.InDefault(text[..1]));
}
