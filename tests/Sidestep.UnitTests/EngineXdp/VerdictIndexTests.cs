using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.EngineXdp;

public sealed class VerdictIndexTests
{
    private enum Sparse
    {
        First = 1,
        Last = 40,
    }

    [Fact]
    public void Every_decision_and_every_drop_reason_has_a_counter_of_its_own()
    {
        var indexes = Enum.GetValues<Decision>().Select(VerdictIndex.Of)
            .Concat(Enum.GetValues<DropReason>().Select(VerdictIndex.Of)).ToArray();
        Assert.Equal(indexes.Length, indexes.Distinct().Count());
        Assert.All(indexes, static i => Assert.InRange(i, 1, Constants.DecisionCounters - 1));
    }

    [Fact]
    public void Verdicts_are_read_back()
    {
        Assert.All(Enum.GetValues<Decision>(), static d => Assert.Equal((d, (DropReason?)null),
            (VerdictIndex.DecisionOf(VerdictIndex.Of(d)), VerdictIndex.ReasonOf(VerdictIndex.Of(d)))));
        Assert.All(Enum.GetValues<DropReason>(), static r => Assert.Equal((Decision.Drop, (DropReason?)r),
            (VerdictIndex.DecisionOf(VerdictIndex.Of(r)), VerdictIndex.ReasonOf(VerdictIndex.Of(r)))));
    }

    /// <summary>The layout has numbers for reasons that do not exist yet.</summary>
    [Fact]
    public void Further_values_have_a_counter_up_to_the_end_of_the_layout()
    {
        Assert.Equal(Constants.DropCounterBase - 1, VerdictIndex.Of((Decision)(Constants.DropCounterBase - 1)));
        Assert.Equal(Constants.DecisionCounters - 1,
            VerdictIndex.Of((DropReason)(Constants.DecisionCounters - Constants.DropCounterBase - 1)));
    }

    [Fact]
    public void Values_beyond_the_layout_are_errors_that_name_the_constant_to_raise()
    {
        Assert.StartsWith("decision 16 has no counter: values end at 15. Raise DECISION_COUNTERS or DROP_COUNTER_BASE",
            Assert.Throws<InvalidOperationException>(static () => VerdictIndex.Of((Decision)16)).Message,
            StringComparison.Ordinal);
        Assert.StartsWith("drop reason 48 has no counter: values end at 47.",
            Assert.Throws<InvalidOperationException>(static () => VerdictIndex.Of((DropReason)48)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(static () => VerdictIndex.Of((DropReason)0));
    }

    /// <summary>The counters of the managed engine are arrays of this size.</summary>
    [Fact]
    public void Array_by_enumeration_has_an_element_for_its_largest_value()
    {
        Assert.Equal(41, EnumSize.Of<Sparse>());
        Assert.Equal(15, EnumSize.Of<DropReason>());
    }
}
