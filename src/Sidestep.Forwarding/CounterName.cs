namespace Sidestep.Forwarding;

/// <summary>Names of decisions, drop reasons and states in output, capture filters and JSON:
/// <c>no-service</c>.</summary>
public static class CounterName
{
    /// <summary>The name of a value in lower case with hyphens: <see cref="DropReason.NoService"/> is
    /// <c>no-service</c>.</summary>
    public static string Of<T>(T value) where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
