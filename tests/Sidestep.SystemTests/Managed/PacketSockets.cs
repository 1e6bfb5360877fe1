using System.Globalization;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary>Sockets of the managed engine in a namespace, as the kernel shows them.</summary>
internal static class PacketSockets
{
    /// <summary>How many take every frame of an interface. Columns of /proc/net/packet: address, references, type, protocol (3: every one), interface.</summary>
    public static int At(NetworkNamespace place, string interfaceName)
    {
        var index = Lan.Link(place, interfaceName).GetProperty("ifindex").GetInt32().ToString(CultureInfo.InvariantCulture);
        return place.Run("cat", "/proc/net/packet").Split('\n').Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(c => c is [_, _, _, "0003", var at, ..] && at == index);
    }

    /// <summary>How frames are taken, in the words of the configuration.</summary>
    public static string Driver(NetworkNamespace place, string interfaceName) =>
        KernelView.XdpMode(place, interfaceName) != "none" && KernelView.XdpPrograms(place, interfaceName).Contains("to_sockets") ? "af-xdp"
        : At(place, interfaceName) > 0 ? "af-packet" : "none";
}
