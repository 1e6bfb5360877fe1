namespace Sidestep.Lab.Topologies;

/// <summary>What a run takes away from its servers, one thing at a time, while requests flow.</summary>
internal sealed class HealthPlan
{
    /// <summary>Seconds between two probes of the monitor that decides.</summary>
    public double Interval { get; set; }

    /// <summary>A server that is never fit, and must get no packet of a client.</summary>
    public string NeverHealthy { get; set; } = "";

    public List<HealthFault> Faults { get; set; } = [];
}

/// <summary>One thing that a server loses, and gets back.</summary>
internal sealed class HealthFault
{
    public string Name { get; set; } = "";

    public string Server { get; set; } = "";

    /// <summary>For a shell on the server.</summary>
    public string Inject { get; set; } = "";

    /// <summary>For a shell on the server.</summary>
    public string Undo { get; set; } = "";

    /// <summary>Instead of both: a service that is ended and started.</summary>
    public string Service { get; set; } = "";
}
