using System.Globalization;

namespace Sidestep.Forwarding;

/// <summary>Size of an array that is indexed by the values of an enumeration.</summary>
public static class EnumSize
{
    /// <summary>The largest value plus 1.</summary>
    /// <typeparam name="T">An enumeration with at least one value, and none below 0.</typeparam>
    public static int Of<T>() where T : struct, Enum =>
        Enum.GetValues<T>().Max(static v => Convert.ToInt32(v, CultureInfo.InvariantCulture)) + 1;
}
