using Sidestep.Agent;

return AgentCommands.Run(args, Console.Out, Console.Error);
