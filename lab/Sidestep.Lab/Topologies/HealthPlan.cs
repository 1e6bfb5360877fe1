namespace Sidestep.Lab.Topologies;

/// <summary>The faults that a run causes on its servers, one part at a time, while requests flow.</summary>
internal sealed class HealthPlan
{
    /// <summary>Seconds between two probes of the monitor that decides.</summary>
    public double Interval { get; set; }

    /// <summary>A server that is never healthy. It must receive no packet of a client.</summary>
    public string NeverHealthy { get; set; } = "";

    public List<HealthFault> Faults { get; set; } = [];
}

/// <summary>One part of a server that the run breaks and repairs.</summary>
internal sealed class HealthFault
{
    public string Name { get; set; } = "";

    public string Server { get; set; } = "";

    /// <summary>Breaks the part; a line for a shell on the server.</summary>
    public string Inject { get; set; } = "";

    /// <summary>Repairs the part; a line for a shell on the server.</summary>
    public string Undo { get; set; } = "";

    /// <summary>Instead of <see cref="Inject"/> and <see cref="Undo"/>: a service that the run stops and starts
    /// again.</summary>
    public string Service { get; set; } = "";
}
