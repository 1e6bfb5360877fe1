using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>Everything that an operator wants of one director: the validated content of the configuration file.</summary>
/// <remarks>Immutable; a change is a new instance. References between the parts are by name and have been checked.</remarks>
public sealed record Configuration
{
    /// <summary>The director itself.</summary>
    public required DirectorSettings Director { get; init; }

    /// <summary>How traffic of a service is forwarded; names are unique.</summary>
    public ImmutableArray<NetworkProfile> NetworkProfiles { get; init; } = [];

    /// <summary>How real servers are asked whether they serve; names are unique.</summary>
    public ImmutableArray<HealthMonitor> HealthMonitors { get; init; } = [];

    /// <summary>Groups of real servers; names are unique.</summary>
    public ImmutableArray<Pool> Pools { get; init; } = [];

    /// <summary>Who may use a service; names are unique.</summary>
    public ImmutableArray<AccessList> AccessLists { get; init; } = [];

    /// <summary>What is said about VIPs themselves; VIPs of services that are not listed have the defaults.</summary>
    public ImmutableArray<Vip> Vips { get; init; } = [];

    /// <summary>The services that clients address; names are unique, and so is VIP, protocol and port.</summary>
    public ImmutableArray<VirtualService> VirtualServices { get; init; } = [];

    /// <summary>The network profile of a service.</summary>
    public NetworkProfile ProfileOf(VirtualService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.NetworkProfile is { } name ? NetworkProfiles.First(p => p.Name == name) : NetworkProfile.Default;
    }
}
