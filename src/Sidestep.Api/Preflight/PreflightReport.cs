using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Preflight;

/// <summary>Which driver works on an interface: the output of <c>sidestep preflight --json</c>.</summary>
/// <param name="Interface">The kernel's name of the interface.</param>
/// <param name="Engine">The engine that would be selected; null: no driver works.</param>
/// <param name="Driver">The driver that would be selected; null: no driver works.</param>
/// <param name="Drivers">All drivers, the best first.</param>
/// <param name="Notes">Facts about the selected driver.</param>
/// <param name="Capabilities">What the selection depends on.</param>
public sealed record PreflightReport(string Interface,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Engine,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Driver,
    ImmutableArray<PreflightDriver> Drivers, ImmutableArray<PreflightObstacle> Notes,
    PreflightCapabilities Capabilities);

/// <summary>A driver on an interface.</summary>
/// <param name="Engine">The engine of the driver.</param>
/// <param name="Driver">Name of the driver.</param>
/// <param name="Works">True if there is no obstacle.</param>
/// <param name="Obstacles">Why it does not work.</param>
public sealed record PreflightDriver(string Engine, string Driver, bool Works,
    ImmutableArray<PreflightObstacle> Obstacles);

/// <summary>A reason with its remedy.</summary>
/// <param name="Reason">Why it does not work.</param>
/// <param name="Remedy">The command or setting that removes it; null: there is none.</param>
public sealed record PreflightObstacle(string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Remedy);

/// <summary>Capabilities of an interface and its machine.</summary>
/// <param name="Device">The kernel driver of the device; null: it does not report it.</param>
/// <param name="Kind">Kind of a virtual interface; null: hardware.</param>
/// <param name="Up">True if the interface is administratively up.</param>
/// <param name="Mtu">MTU, bytes.</param>
/// <param name="Queues">Number of receive queues.</param>
/// <param name="Cpus">Number of CPUs that the process may use.</param>
/// <param name="Xdp">True if the device driver supports XDP; null: the kernel does not report it.</param>
/// <param name="ZeroCopy">True if AF_XDP works without copies; null: the kernel does not report it.</param>
/// <param name="Lro">True if the device merges received segments.</param>
/// <param name="HardwareGro">True if the device merges received segments as GRO would.</param>
/// <param name="Master">The bond or bridge that it is a port of; null: none.</param>
/// <param name="Kernel">Version of the running kernel.</param>
public sealed record PreflightCapabilities(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Kind,
    bool Up, int Mtu, int Queues, int Cpus,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? Xdp,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? ZeroCopy,
    bool Lro, bool HardwareGro,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Master,
    string Kernel);
