using System.Globalization;

namespace Sidestep.Lab;

/// <summary>
/// Scales the lab's timeouts. On a machine that is many times slower than usual, such as an emulated one, an
/// environment variable holds the factor. Processes of the lab inherit it.
/// </summary>
internal static class ScaledTimeout
{
    private const string Variable = "SIDESTEP_LAB_TIMEOUT_FACTOR";
    private const int MaxFactor = 100;

    private static readonly int Factor = Read();

    /// <param name="usual">Seconds on a usual machine.</param>
    public static TimeSpan Seconds(double usual) => TimeSpan.FromSeconds(usual * Factor);

    private static int Read()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text))
            return 1;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var factor) && factor is >= 1
            and <= MaxFactor)
            return factor;
        ConsoleLog.Error($"{Variable}={text} is not a number from 1 to {MaxFactor}; 1 is used.");
        return 1;
    }
}
