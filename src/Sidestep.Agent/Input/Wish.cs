using System.Net;
using Sidestep.Model;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Input;

/// <summary>What this real server shall be like: checked, in the order it was given, without duplicates.</summary>
internal sealed record Wish
{
    public required IReadOnlyList<IPAddress> Vips { get; init; }

    /// <summary>The interfaces that VIP traffic comes in by.</summary>
    public required IReadOnlyList<InterfaceInfo> Interfaces { get; init; }

    /// <summary>Null: layer-2 DSR, nothing is taken off.</summary>
    public Encapsulation? Encapsulation { get; init; }

    /// <summary>The only addresses that encapsulated packets are accepted from.</summary>
    public IReadOnlyList<IPAddress> Directors { get; init; } = [];
}
