using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>A flow in the flow table.</summary>
/// <param name="Service">Its service.</param>
/// <param name="Flow">The tuple as the client sends it. With source persistence: of the client's first packet.</param>
/// <param name="Server">The server of the flow.</param>
/// <param name="Idle">Time since its last packet.</param>
/// <param name="Age">Time since it was inserted.</param>
public sealed record TrackedFlow(ServiceKey Service, Flow Flow, ServerKey Server, TimeSpan Idle, TimeSpan Age);
