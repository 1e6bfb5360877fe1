using System.Globalization;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Sockets of the managed engine in a namespace, as the kernel shows them.</summary>
internal static class ActiveDriver
{
    /// <summary>Number of sockets that receive every frame of an interface. Columns of /proc/net/packet: address,
    /// references, type, protocol (3: ETH_P_ALL), interface.</summary>
    public static int PacketSocketCount(NetworkNamespace netns, string interfaceName)
    {
        var index = Lan.Link(netns, interfaceName).GetProperty("ifindex").GetInt32()
            .ToString(CultureInfo.InvariantCulture);
        return netns.Run("cat", "/proc/net/packet").Split('\n')
            .Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(c => c is [_, _, _, "0003", var at, ..] && at == index);
    }

    /// <summary>The driver in use, by its name in the configuration.</summary>
    public static string NameOf(NetworkNamespace netns, string interfaceName) =>
        KernelXdp.Mode(netns, interfaceName) != "none" && KernelXdp.ProgramNames(netns, interfaceName)
        .Contains("to_sockets") ? "af-xdp"
        : PacketSocketCount(netns, interfaceName) > 0 ? "af-packet" : "none";
}
