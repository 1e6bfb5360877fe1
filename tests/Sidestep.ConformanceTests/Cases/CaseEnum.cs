using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>Enumeration values as in all output, in lower case with hyphens: NoService is no-service.</summary>
internal static class CaseEnum
{
    public static T Parse<T>(CaseNode node) where T : struct, Enum =>
        Enum.GetValues<T>().Where(v => CounterName.Of(v) == node.Text).Cast<T?>().SingleOrDefault()
            ?? throw node.Wrong(
                $"'{node.Text}' is none of {string.Join(", ", Enum.GetValues<T>().Select(CounterName.Of))}");
}
