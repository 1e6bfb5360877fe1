namespace Sidestep.Forwarding;

/// <summary>A flow whose server is remembered.</summary>
/// <param name="Service">Name of its service.</param>
/// <param name="Flow">As the client sends it. With source persistence, of the packet that began it.</param>
/// <param name="Server">Where it goes.</param>
/// <param name="Idle">Since its last packet.</param>
/// <param name="Age">Since it was remembered.</param>
public sealed record TrackedFlow(string Service, Flow Flow, ServerKey Server, TimeSpan Idle, TimeSpan Age);
