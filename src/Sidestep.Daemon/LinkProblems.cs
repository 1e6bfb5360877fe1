using System.Collections.Immutable;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon;

/// <summary>The director's interfaces that carry no frames now, as sentences for the status. Not safe for
/// threads.</summary>
/// <param name="names">The names of <c>node.interfaces</c> in force.</param>
/// <param name="find">Finds an interface by name; null: there is none.</param>
internal sealed class LinkProblems(Func<ImmutableArray<string>> names, Func<string, InterfaceInfo?> find)
{
    /// <summary>Reads the state of the links.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal ImmutableArray<string> Read() =>
    [
        .. names().Select(name => find(name) is { } link ? link.Problem : $"interface '{name}' is gone")
            .OfType<string>(),
    ];

    /// <summary>Finds interfaces of this network namespace.</summary>
    internal static Func<string, InterfaceInfo?> ByNetlink(NetlinkSocket socket) =>
        name => Kernel.InterfaceIndex(name) is { } index ? Interfaces.Find(socket, index) : null;
}
