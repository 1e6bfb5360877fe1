using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>The verdict on a frame as one number, which is also the index of its counter: a decision, or
/// DROP_COUNTER_BASE of src/bpf/tables.h plus a drop reason.</summary>
internal static class VerdictIndex
{
    /// <summary>The index of a decision.</summary>
    /// <exception cref="InvalidOperationException">The layout has no counter for it.</exception>
    internal static int Of(Decision decision) => (int)decision is > 0 and < Constants.DropCounterBase and var index
        ? index : throw NoCounter($"decision {decision}", Constants.DropCounterBase - 1);

    /// <summary>The index of a drop reason.</summary>
    /// <exception cref="InvalidOperationException">The layout has no counter for it.</exception>
    internal static int Of(DropReason reason)
    {
        const int Reasons = Constants.DecisionCounters - Constants.DropCounterBase;
        return (int)reason is > 0 and < Reasons and var value ? Constants.DropCounterBase + value
            : throw NoCounter($"drop reason {reason}", Reasons - 1);
    }

    /// <summary>The decision of a verdict.</summary>
    internal static Decision DecisionOf(int verdict) =>
        verdict > Constants.DropCounterBase ? Decision.Drop : (Decision)verdict;

    /// <summary>The drop reason of a verdict; null: the frame was not dropped.</summary>
    internal static DropReason? ReasonOf(int verdict) =>
        verdict > Constants.DropCounterBase ? (DropReason)(verdict - Constants.DropCounterBase) : null;

    private static InvalidOperationException NoCounter(string what, int last) => new(string.Create(
        CultureInfo.InvariantCulture, $"{what} has no counter: values end at {last}. Raise DECISION_COUNTERS or "
        + $"DROP_COUNTER_BASE in src/bpf/tables.h, and LAYOUT_VERSION with them"));
}
