namespace Sidestep.Agent.Running;

/// <summary>The directors that an agent talks to.</summary>
/// <param name="Server">The name of this server in their configuration.</param>
/// <param name="Apis">The URL and the API of each, at least one. The first that responds gives the spec.</param>
internal sealed record Directors(string Server, IReadOnlyList<(string Url, IDirectorApi Api)> Apis);
