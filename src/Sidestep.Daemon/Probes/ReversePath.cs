using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Probes;

/// <summary>The kernel's validation of the source of IPv4 packets (net.ipv4.conf.*.rp_filter, RFC 3704). IPv6 has
/// none.</summary>
internal static class ReversePath
{
    private const string Folder = "/proc/sys/net/ipv4/conf";

    /// <summary>1: the route to the source must lead to the interface where the packet arrived.</summary>
    internal const int Strict = 1;

    /// <summary>The mode of an interface: the larger of its own and that of <c>all</c>. 0: sources are not validated.
    /// 2: there must be a route to the source, by any interface.</summary>
    internal static int ModeOf(string interfaceName) => Math.Max(Read("all"), Read(interfaceName));

    /// <summary>The setting and the route by which the kernel drops packets with a source address; null: it accepts
    /// them, or the address is local, which no setting changes.</summary>
    /// <param name="source">The address.</param>
    /// <param name="interfaces">Names of the interfaces where the packets arrive.</param>
    /// <exception cref="NativeException">The kernel gives no socket.</exception>
    internal static string? FilterOf(IPAddress source, IReadOnlyCollection<string> interfaces)
    {
        if (source.AddressFamily != AddressFamily.InterNetwork)
            return null;
        var modes = interfaces.Select(static i => (Name: i, Mode: ModeOf(i))).Where(static i => i.Mode != 0).ToArray();
        if (modes.Length == 0)
            return null;
        using var socket = NetlinkSocket.Open();
        try
        {
            var route = Routes.Find(socket, source);
            return modes.Where(i => i.Mode == Strict && !route.IsLocal
                    && Kernel.InterfaceIndex(i.Name) != route.InterfaceIndex)
                .Select(i => $"net.ipv4.conf.{i.Name}.rp_filter is 1, and the route to {source} leaves by "
                    + $"'{Kernel.InterfaceName(route.InterfaceIndex)}'").FirstOrDefault();
        }
        catch (NativeException e)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"net.ipv4.conf.{modes[0].Name}.rp_filter is {modes[0].Mode}, and there is no usable {e.Message}");
        }
    }

    private static int Read(string name)
    {
        try
        {
            return int.TryParse(File.ReadAllText($"{Folder}/{name}/rp_filter"), CultureInfo.InvariantCulture,
                out var mode) ? mode : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // The interface is gone: nothing arrives there.
        }
    }
}
