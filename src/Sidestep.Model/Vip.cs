using System.Net;

namespace Sidestep.Model;

/// <summary>Settings of a VIP that apply to all its services.</summary>
/// <param name="Address">The address or prefix, written exactly as in the services.</param>
/// <param name="Echo">The director's action for an echo request to it.</param>
public sealed record Vip(IPNetwork Address, EchoPolicy Echo)
{
    /// <summary>Labels and annotations of the operator.</summary>
    public Metadata Metadata { get; init; } = Metadata.None;
}

/// <summary>The director's action for an echo request to a VIP.</summary>
public enum EchoPolicy
{
    /// <summary>The director replies while the VIP is in service, and drops the request otherwise.</summary>
    Active,

    /// <summary>The director replies, in service or not.</summary>
    Always,

    /// <summary>The director forwards the request to a real server, which may reply.</summary>
    Forward,

    /// <summary>The director drops the request.</summary>
    Drop,
}
