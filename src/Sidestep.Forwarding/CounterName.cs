namespace Sidestep.Forwarding;

/// <summary>Names of decisions and reasons as a filter and a capture write them: <c>no-service</c>.</summary>
public static class CounterName
{
    /// <summary>Writes.</summary>
    public static string Of<T>(T value) where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
