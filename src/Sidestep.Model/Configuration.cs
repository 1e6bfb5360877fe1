using System.Collections.Immutable;

namespace Sidestep.Model;

/// <summary>The validated content of a configuration file: everything that an operator has configured for one
/// director.</summary>
/// <remarks>Immutable; a change is a new instance. The parts refer to each other by name, and every such name
/// exists.</remarks>
public sealed record Configuration
{
    /// <summary>The settings of this director: name, interfaces, engine, API.</summary>
    public required NodeSettings Node { get; init; }

    /// <summary>The settings that all directors of the group share: hash key, peers.</summary>
    public required GroupSettings Group { get; init; }

    /// <summary>How traffic of a service reaches the real servers; names are unique.</summary>
    public ImmutableArray<NetworkProfile> NetworkProfiles { get; init; } = [];

    /// <summary>How the director probes real servers; names are unique.</summary>
    public ImmutableArray<HealthMonitor> HealthMonitors { get; init; } = [];

    /// <summary>Groups of real servers; names are unique.</summary>
    public ImmutableArray<Pool> Pools { get; init; } = [];

    /// <summary>The source addresses that may use a service; names are unique.</summary>
    public ImmutableArray<AccessList> AccessLists { get; init; } = [];

    /// <summary>Settings of VIPs. A VIP of a service that is not in this list has the default settings.</summary>
    public ImmutableArray<Vip> Vips { get; init; } = [];

    /// <summary>The services that clients connect to. Names are unique, and so is each combination of VIP, protocol and
    /// port.</summary>
    public ImmutableArray<VirtualService> VirtualServices { get; init; } = [];

    /// <summary>The network profile of a service; <see cref="NetworkProfile.Default"/> if the service names
    /// none.</summary>
    public NetworkProfile ProfileOf(VirtualService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.NetworkProfile is { } name ? NetworkProfiles.First(p => p.Name == name) : NetworkProfile.Default;
    }
}
