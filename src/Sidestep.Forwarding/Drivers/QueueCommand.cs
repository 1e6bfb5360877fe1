using System.Globalization;

namespace Sidestep.Forwarding.Drivers;

/// <summary>The ethtool command that changes the number of queues of an interface.</summary>
public static class QueueCommand
{
    /// <summary>The command, see ethtool(8).</summary>
    /// <param name="interfaceName">The kernel's name of the interface.</param>
    /// <param name="queues">The desired number of queues.</param>
    /// <param name="areCombined">False: the device counts receive and transmit queues separately and rejects
    /// "combined".</param>
    public static string Of(string interfaceName, int queues, bool areCombined) => areCombined
        ? string.Create(CultureInfo.InvariantCulture, $"ethtool -L {interfaceName} combined {queues}")
        : string.Create(CultureInfo.InvariantCulture, $"ethtool -L {interfaceName} rx {queues} tx {queues}");
}
