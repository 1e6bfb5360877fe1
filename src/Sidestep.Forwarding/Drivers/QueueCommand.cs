using System.Globalization;

namespace Sidestep.Forwarding.Drivers;

/// <summary>The command that gives an interface another number of queues.</summary>
public static class QueueCommand
{
    /// <summary>For ethtool(8).</summary>
    /// <param name="interfaceName">The kernel's name.</param>
    /// <param name="queues">How many are wanted.</param>
    /// <param name="areCombined">False: the device counts those to receive by and those to send by apart, and refuses "combined".</param>
    public static string Of(string interfaceName, int queues, bool areCombined) => areCombined
        ? string.Create(CultureInfo.InvariantCulture, $"ethtool -L {interfaceName} combined {queues}")
        : string.Create(CultureInfo.InvariantCulture, $"ethtool -L {interfaceName} rx {queues} tx {queues}");
}
