using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>An interface that an engine is attached to.</summary>
/// <param name="Name">The kernel's name of the interface.</param>
/// <param name="Driver">The driver in use, never <see cref="Model.Driver.Auto"/>; null when the engine is not attached:
/// the interface is gone, or <see cref="IsDetached"/>.</param>
/// <param name="FallbackReason">Why automatic selection used no better driver; null when there is none.</param>
public sealed record AttachedInterface(string Name, Driver? Driver, string? FallbackReason)
{
    /// <summary>With <see cref="Driver.AfXdp"/>: true when the device accesses the memory of all sockets itself (zero
    /// copy), false when the kernel copies every frame. Null with other drivers.</summary>
    public bool? IsZeroCopy { get; init; }

    /// <summary>True if the interface exists and the engine is not attached to it.</summary>
    public bool IsDetached { get; init; }
}
